import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordFromText, recordToText } from '../../src/dns/record-text.js';
import { RRCLASS } from '../../src/dns/rrclass.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { encodeMessage, message } from '../../src/wire/message.js';

const run = promisify(execFile);

/** Records as every one of the three writes them, but for blanks and the case of hexadecimal digits. */
const RECORDS = [
  'Web.example.org. 5 IN A 192.0.2.1',
  'web.example.org. 5 IN AAAA 2001:db8::1:0:0:1',
  'a\\.b\\\\\\(\\)\\;\\@\\$\\"\\032\\255.example.org. 5 IN CNAME Target\\.x.example.org.',
  'example.org. 5 IN NS ns.example.org.',
  'example.org. 5 IN DNAME example.net.',
  '1.2.0.192.in-addr.arpa. 5 IN PTR web.example.org.',
  'example.org. 5 IN MX 10 mail.example.org.',
  'example.org. 5 IN TXT "1.1.0" "" "a \\"b\\" \\\\ ; \\000\\255"',
  'example.org. 5 IN SPF "v=spf1 -all"',
  'example.org. 5 IN SOA ns.example.org. hostmaster.example.org. 4294967295 7200 1800 86400 5',
  '_http._tcp.web.example.org. 5 IN SRV 0 50 80 web.example.org.',
  'example.org. 5 IN CAA 128 issue "ca.example.org; policy=ev"',
  'example.org. 5 IN HINFO "RFC8482" ""',
  'example.org. 5 IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.org!" .',
  'example.org. 5 IN DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118',
  'example.org. 5 IN DNSKEY 257 3 13 oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXX',
  '_443._tcp.example.org. 5 IN TLSA 3 1 1 D2ABDE240D7CD3EE6B4B28C54DF034B9',
  'example.org. 5 IN RRSIG A 13 2 5 20030322173103 20030220173103 2642 example.org. oJB1',
  'example.org. 5 IN NSEC host.example.org. A MX RRSIG NSEC TYPE1234',
  '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.org. 5 IN NSEC3 1 1 12 AABBCCDD 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S A RRSIG',
  'example.org. 5 IN SVCB 0 foo.example.org.',
  'example.org. 5 IN SVCB 1 . mandatory=alpn,port alpn="h2" no-default-alpn port=53',
  'example.org. 5 IN HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1,192.0.2.2 ech=AEn+DQ== ipv6hint=2001:db8::1',
  'example.org. 5 IN TYPE62347 \\# 3 0102AB',
];

let server: Socket;

beforeAll(async () => {
  const answer = RECORDS.map((line) => recordFromText(line));
  server = createSocket('udp4');
  server.on('message', (query, peer) => {
    const reply = encodeMessage(
      message({
        id: query.readUInt16BE(0),
        response: true,
        question: [{ qname: 'example.org.', qtype: RRTYPE.ANY, qclass: RRCLASS.IN }],
        answer,
      }),
    );
    server.send(reply, peer.port, peer.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
});

async function isInstalled(command: string): Promise<boolean> {
  return run(command, [command === 'dig' ? '-v' : '-V']).then(
    () => true,
    () => false,
  );
}

const COMMANDS = {
  dig: ['+notcp', '+noall', '+answer', '+noedns', '+nosplit'],
  kdig: ['+noall', '+answer', '+noedns'],
};

const plain = (line: string): string =>
  line
    .replace(/\s+/g, ' ')
    // kdig leaves the quotes of parameter values away
    .replace(/="(\S+)"/g, '=$1')
    .trim()
    .toLowerCase();

describe.each(['dig', 'kdig'] as const)('record text beside %s', async (command) => {
  it.skipIf(!(await isInstalled(command)))('is the same for every type', async () => {
    const { port } = server.address();
    const asked = ['@127.0.0.1', '-p', String(port), 'example.org', 'ANY', ...COMMANDS[command]];
    const { stdout } = await run(command, asked);
    const theirs = stdout.split('\n').map(plain);
    for (const line of RECORDS) {
      expect(theirs, `${command} wrote:\n${stdout}`).toContain(
        plain(recordToText(recordFromText(line))),
      );
    }
  });
});
