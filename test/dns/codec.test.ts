import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { askWithDns2, canAskWithDns2, decodeWithDns2 } from '../../src/dns/codec.js';
import { recordFromText, recordToText } from '../../src/dns/record-text.js';
import type { ResourceRecord } from '../../src/dns/resource-record.js';
import { RRCLASS } from '../../src/dns/rrclass.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { decodeMessage, encodeMessage, message } from '../../src/wire/message.js';

const QUESTION = { qname: 'web.example.org.', qtype: RRTYPE.A, qclass: RRCLASS.IN };
const RECORDS = [
  'Web.example.org. 5 IN A 192.0.2.1',
  'web.example.org. 5 IN AAAA 2001:db8::1',
  'web.example.org. 0 IN CNAME a.web.example.org.',
  'example.org. 2147483647 IN NS ns.example.org.',
  '1.2.0.192.in-addr.arpa. 5 IN PTR web.example.org.',
  'example.org. 5 IN MX 10 mail.example.org.',
  'example.org. 5 IN TXT "1.1.0" "" "two words"',
  'example.org. 5 IN SOA ns.example.org. hostmaster.example.org. 4294967295 7200 1800 86400 5',
  '_http._tcp.web.example.org. 5 IN SRV 0 50 80 web.example.org.',
  'example.org. 5 IN CAA 128 issue "ca.example.org"',
  'example.org. 5 IN DNSKEY 257 3 13 oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXX',
  'example.org. 5 IN HTTPS 1 . alpn="h2"',
  'example.org. 5 IN RRSIG A 13 2 5 20030322173103 20030220173103 2642 example.org. oJB1',
  'example.org. 5 IN TYPE62347 \\# 3 010203',
];

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe('the second opinion', () => {
  it('reads every kind of record as we do', () => {
    const bytes = encodeMessage(
      message({
        id: 4711,
        response: true,
        authoritative: true,
        recursionDesired: true,
        rcode: 3,
        question: [QUESTION],
        answer: RECORDS.map((line) => recordFromText(line)),
        authority: [recordFromText(RECORDS[7] ?? '')],
        additional: [recordFromText(RECORDS[0] ?? '')],
        edns: { udpSize: 1232, version: 0, dnssecOk: true, options: [] },
      }),
    );
    const read = decodeWithDns2(bytes);
    expect(read).toMatchObject({
      id: 4711,
      response: true,
      authoritative: true,
      truncated: false,
      recursionDesired: true,
      rcode: 3,
      question: [QUESTION],
      edns: { udpSize: 1232, version: 0, dnssecOk: true },
    });
    expect(read?.answer.map(recordToText)).toEqual(RECORDS);
    expect(read?.authority.map(recordToText)).toEqual([RECORDS[7]]);
    expect(read?.additional.map(recordToText)).toEqual([RECORDS[0]]);
  });

  const reply = (line: string): Uint8Array =>
    encodeMessage(
      message({ id: 1, response: true, question: [QUESTION], answer: [recordFromText(line)] }),
    );

  it.each([
    ['a dot inside of a label', 'a\\.b.example.org. 5 IN A 192.0.2.1'],
    ['a dot inside of a label of a target', 'a.example.org. 5 IN CNAME a\\.b.example.org.'],
    ['a string that is not UTF-8', 'a.example.org. 5 IN TXT "\\255\\254"'],
  ])('is withheld for %s', (_what, line) => {
    expect(decodeMessage(reply(line))).toBeDefined();
    expect(decodeWithDns2(reply(line))).toBeUndefined();
  });

  it('is withheld for messages that are too long, cut short or count what is not there', () => {
    const whole = reply('a.example.org. 5 IN A 192.0.2.1');
    expect(decodeWithDns2(whole)).toBeDefined();
    for (let length = 0; length < whole.length; length++) {
      expect(decodeWithDns2(whole.slice(0, length))).toBeUndefined();
    }
    const counted = Uint8Array.from(whole);
    counted[11] = 1;
    expect(decodeWithDns2(counted)).toBeUndefined();
    expect(decodeWithDns2(Buffer.concat([whole, Buffer.alloc(4096)]))).toBeUndefined();
  });

  it('never throws on mutated messages, and agrees with our decoder on what it reads', () => {
    const whole = encodeMessage(
      message({
        id: 1,
        response: true,
        question: [QUESTION],
        answer: RECORDS.slice(0, 9).map((line) => recordFromText(line)),
      }),
    );
    const change = fc.record({ at: fc.nat(whole.length - 1), octet: fc.nat(255) });
    const kinds = new Set(RECORDS.slice(0, 9).map((line) => recordFromText(line).type));
    // types that only we know are written out by us alone; a TTL above 2^31-1 is 0 to us, 2^31-1 to dns2
    const comparable = (records: readonly ResourceRecord[]): string[] =>
      records
        .filter((record) => kinds.has(record.type))
        .map((record) => recordToText({ ...record, ttl: record.ttl % 0x7fff_ffff }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const { at, octet } of changes) bytes[at] = octet;
        const theirs = decodeWithDns2(bytes);
        const ours = decodeMessage(bytes);
        if (theirs === undefined || ours === undefined) return;
        expect(comparable(theirs.answer)).toEqual(comparable(ours.answer));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("dns2's clients", () => {
  const ask = (timeoutMs = 5000) => ({
    recursionDesired: true,
    timeoutMs,
    signal: new AbortController().signal,
  });

  /** Answers each query with what `reply` makes of it, in several datagrams. */
  async function udpServer(reply: (query: Buffer) => readonly Uint8Array[]): Promise<number> {
    const socket = createSocket('udp4');
    closers.push(() => socket.close());
    socket.on('message', (query, peer) => {
      for (const one of reply(query)) socket.send(one, peer.port, peer.address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket.address().port;
  }

  async function tcpServer(onQuery: (socket: Socket, query: Buffer) => void): Promise<number> {
    const server = createServer((socket) => {
      closers.push(() => socket.destroy());
      socket.on('data', (data) => onQuery(socket, data.subarray(2)));
      socket.on('error', () => {});
    });
    closers.push(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const answerTo = (query: Uint8Array): Uint8Array =>
    encodeMessage(
      message({
        id: ((query[0] ?? 0) << 8) | (query[1] ?? 0),
        response: true,
        question: [QUESTION],
        answer: [recordFromText(RECORDS[0] ?? '')],
      }),
    );

  it('give the octets of the reply over UDP, past datagrams that answer something else', async () => {
    const port = await udpServer((query) => {
      const stray = answerTo(query);
      stray[0] = (stray[0] ?? 0) ^ 0xff;
      return [Uint8Array.of(1, 2, 3), stray, answerTo(query)];
    });
    const bytes = await askWithDns2(
      QUESTION,
      { address: '127.0.0.1', port, transport: 'udp' },
      ask(),
    );
    expect(decodeMessage(bytes)?.answer.map(recordToText)).toEqual([RECORDS[0]]);
  });

  it('give the octets of the reply over TCP, however they arrive', async () => {
    const port = await tcpServer((socket, query) => {
      const reply = answerTo(query);
      const framed = Buffer.concat([Uint8Array.of(0, reply.length), reply]);
      socket.write(framed.subarray(0, 1));
      setImmediate(() => socket.write(framed.subarray(1, 20)));
      setImmediate(() => setImmediate(() => socket.end(framed.subarray(20))));
    });
    const bytes = await askWithDns2(
      QUESTION,
      { address: '127.0.0.1', port, transport: 'tcp' },
      ask(),
    );
    expect(decodeMessage(bytes)?.answer.map(recordToText)).toEqual([RECORDS[0]]);
  });

  it('give up on a server that says nothing, over UDP and over TCP', async () => {
    const silent = {
      udp: await udpServer(() => []),
      tcp: await tcpServer(() => {}),
    };
    for (const transport of ['udp', 'tcp'] as const) {
      const server = { address: '127.0.0.1', port: silent[transport], transport };
      await expect(askWithDns2(QUESTION, server, ask(50))).rejects.toMatchObject({
        code: 'ETIMEDOUT',
      });
    }
  });

  it('give up at once when they are told to', async () => {
    const port = await tcpServer(() => {});
    const giveUp = new AbortController();
    const reply = askWithDns2(
      QUESTION,
      { address: '127.0.0.1', port, transport: 'tcp' },
      { recursionDesired: true, timeoutMs: 60_000, signal: giveUp.signal },
    );
    giveUp.abort();
    await expect(reply).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('say when nobody listens on the TCP port', async () => {
    const port = await tcpServer(() => {});
    for (const close of closers.splice(0)) close();
    const server = { address: '127.0.0.1', port, transport: 'tcp' } as const;
    await expect(askWithDns2(QUESTION, server, ask())).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it('are not asked what they cannot ask', () => {
    const over = (transport: 'udp' | 'tcp', address: string) => ({ address, port: 53, transport });
    expect(canAskWithDns2(QUESTION, over('udp', '::1'))).toBe(true);
    expect(canAskWithDns2(QUESTION, over('tcp', '127.0.0.1'))).toBe(true);
    expect(canAskWithDns2(QUESTION, over('tcp', '::1'))).toBe(false);
    expect(canAskWithDns2({ ...QUESTION, qname: 'a\\.b.' }, over('udp', '::1'))).toBe(false);
    expect(canAskWithDns2({ ...QUESTION, qtype: RRTYPE.HTTPS }, over('udp', '::1'))).toBe(false);
    expect(canAskWithDns2({ ...QUESTION, qtype: RRTYPE.OPT }, over('udp', '::1'))).toBe(false);
  });
});
