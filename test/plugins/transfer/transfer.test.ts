/** Zone transfers, by dig and kdig. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { RCODE } from '../../../src/dns/rcode.js';
import { RRTYPE } from '../../../src/dns/rrtype.js';
import type { OwnerRecords } from '../../../src/records/rrset.js';
import { decodeMessage } from '../../../src/wire/message.js';
import { frame } from '../../../src/wire/tcp-frame.js';
import { overSockets } from '../../answers/answer-path.js';
import { queryBytes } from '../../chain/queries.js';
import { logLines } from '../../listen/log-lines.js';
import { hasPrograms } from '../../programs.js';
import { faultsOf } from '../server-block.js';
import { ClusterZone, type ServedCluster, serveCluster, service } from './cluster-zone.js';

const run = promisify(execFile);
const TO_ANYBODY = 'transfer cluster.local {\n to *\n}';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function serve(...args: Parameters<typeof serveCluster>): Promise<ServedCluster> {
  const served = await serveCluster(...args);
  open.push(served);
  return served;
}

async function dig(port: number, ...words: string[]): Promise<string> {
  const args = ['@127.0.0.1', '-p', String(port), '+noidnin', ...words];
  return (await run('dig', args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

/** Records of dig's output, blanks made one. */
function recordsIn(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'))
    .map((line) => line.replace(/\s+/g, ' '));
}

const SOA =
  'cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1700000000 7200 1800 86400 30';

describe.skipIf(!hasPrograms('dig', 'kdig'))('a zone transfer', () => {
  it('gives every record once between two SOA, services by name', async () => {
    const owners = [...service('web.shop', '10.0.0.2'), ...service('db.shop', '10.0.0.1')];
    const headless: OwnerRecords[] = [
      {
        name: 'peer.app.svc',
        rrsets: [{ type: 'AAAA', addresses: ['2001:db8::1', '2001:db8::2'] }],
      },
      { name: 'a.peer.app.svc', rrsets: [{ type: 'AAAA', addresses: ['2001:db8::1'] }] },
      {
        name: 'out.app.svc',
        rrsets: [{ type: 'CNAME', target: 'example.org.', end: { kind: 'outside' } }],
      },
      {
        name: 'in.app.svc',
        rrsets: [
          {
            type: 'CNAME',
            target: 'db.shop.svc.cluster.local.',
            end: {
              kind: 'inside',
              path: ['db.shop.svc.cluster.local.'],
              addresses: { v4: ['10.0.0.1'], v6: [] },
              exists: true,
            },
          },
        ],
      },
    ];
    const zone = new ClusterZone([...owners, ...headless], 1_700_000_000);
    const { port } = await serve(zone, TO_ANYBODY);
    const expected = [
      SOA,
      'cluster.local. 30 IN NS ns.dns.cluster.local.',
      'dns-version.cluster.local. 28800 IN TXT "1.1.0"',
      'ns.dns.cluster.local. 30 IN A 192.0.2.53',
      'in.app.svc.cluster.local. 30 IN CNAME db.shop.svc.cluster.local.',
      'out.app.svc.cluster.local. 30 IN CNAME example.org.',
      'peer.app.svc.cluster.local. 30 IN AAAA 2001:db8::1',
      'peer.app.svc.cluster.local. 30 IN AAAA 2001:db8::2',
      'a.peer.app.svc.cluster.local. 30 IN AAAA 2001:db8::1',
      'db.shop.svc.cluster.local. 30 IN A 10.0.0.1',
      'db.shop.svc.cluster.local. 30 IN SRV 0 100 80 db.shop.svc.cluster.local.',
      '_http._tcp.db.shop.svc.cluster.local. 30 IN SRV 0 100 80 db.shop.svc.cluster.local.',
      'web.shop.svc.cluster.local. 30 IN A 10.0.0.2',
      'web.shop.svc.cluster.local. 30 IN SRV 0 100 80 web.shop.svc.cluster.local.',
      '_http._tcp.web.shop.svc.cluster.local. 30 IN SRV 0 100 80 web.shop.svc.cluster.local.',
      SOA,
    ];
    expect(recordsIn(await dig(port, 'cluster.local', 'AXFR'))).toEqual(expected);
    const kdig = await run('kdig', ['@127.0.0.1', '-p', String(port), 'Cluster.Local', 'AXFR']);
    expect(kdig.stdout).toContain('Received');
    expect(recordsIn(kdig.stdout)).toHaveLength(expected.length);
  });

  it('takes as many messages as it needs', async () => {
    const count = 5_000;
    const owners = Array.from({ length: count }, (_, i) =>
      service(`s${i}.ns${i % 7}`, `10.1.${i >> 8}.${i & 255}`),
    ).flat();
    const { port } = await serve(new ClusterZone(owners, 1_700_000_000), TO_ANYBODY);
    const output = await dig(port, 'cluster.local', 'AXFR');
    const records = recordsIn(output);
    expect(records).toHaveLength(count * 3 + 5);
    expect(new Set(records).size).toBe(count * 3 + 4);
    const [, messages, octets] = /messages (\d+), bytes (\d+)/.exec(output) ?? [];
    expect(Number(messages)).toBe(Math.ceil(Number(octets) / 63_000));
    const withEdns = await dig(port, '+bufsize=1232', 'cluster.local', 'AXFR');
    expect(recordsIn(withEdns)).toEqual(records);
  });

  it('waits for a client that does not read, and answers others meanwhile', async () => {
    const owners = Array.from({ length: 20_000 }, (_, i) => service(`s${i}.ns`, '10.0.0.1')).flat();
    const { port } = await serve(new ClusterZone(owners, 1_700_000_000), TO_ANYBODY);
    const query = frame(queryBytes({ qname: 'cluster.local.', qtype: 252 }));
    const slow = Array.from({ length: 6 }, () => {
      const socket = connect({ port, host: '127.0.0.1' }).pause();
      open.push({ close: () => socket.destroy() });
      socket.write(query);
      return socket;
    });
    await once(slow[5]!, 'ready');
    expect(await dig(port, '+tcp', 'cluster.local', 'IXFR=1700000000')).toContain('XFR size: 1');
    for (const socket of slow.slice(0, 3)) socket.resetAndDestroy();
    let octets = 0;
    const last = slow[5]!;
    last.on('data', (chunk: Buffer) => {
      octets += chunk.length;
    });
    last.resume();
    for (const socket of slow.slice(3, 5)) socket.resetAndDestroy();
    await expect.poll(() => octets, { timeout: 15_000 }).toBeGreaterThan(1_000_000);
  });

  it('gives the SOA alone to IXFR of the version that there is, or of a newer one', async () => {
    const zone = new ClusterZone(service('web.shop', '10.0.0.2'), 1_700_000_000);
    const { port } = await serve(zone, TO_ANYBODY);
    for (const serial of ['1700000000', '1700000001']) {
      const output = await dig(port, 'cluster.local', `IXFR=${serial}`);
      expect(recordsIn(output)).toEqual([SOA]);
    }
    expect(recordsIn(await dig(port, 'cluster.local', 'IXFR=1699999999'))).toHaveLength(8);
  });

  it('is refused to others, over UDP, and below the zone', async () => {
    const zone = new ClusterZone([], 1);
    const { port } = await serve(zone, 'transfer cluster.local {\n to 192.0.2.1 192.0.2.0/24\n}');
    expect(await dig(port, 'cluster.local', 'AXFR')).toContain('Transfer failed');
    const local = await serve(zone, 'transfer . {\n to 127.0.0.0/8\n}');
    const rcode = async (at: number, transport: 'udp' | 'tcp', qname: string, qtype: number) => {
      const reply = await overSockets(at)(queryBytes({ qname, qtype }), transport);
      return decodeMessage(reply)?.rcode;
    };
    for (const qtype of [RRTYPE.AXFR, RRTYPE.IXFR]) {
      expect(await rcode(port, 'tcp', 'cluster.local.', qtype)).toBe(RCODE.REFUSED);
      expect(await rcode(port, 'tcp', 'example.org.', qtype)).toBe(RCODE.REFUSED);
      expect(await rcode(local.port, 'udp', 'cluster.local.', qtype)).toBe(RCODE.REFUSED);
      expect(await rcode(local.port, 'tcp', 'svc.cluster.local.', qtype)).toBe(RCODE.NOTAUTH);
      expect(await rcode(local.port, 'tcp', 'example.org.', qtype)).toBe(RCODE.NOTAUTH);
    }
    expect(recordsIn(await dig(local.port, 'cluster.local', 'AXFR'))).toHaveLength(5);
  });
});

describe('the directive', () => {
  it('is faulted without somebody to transfer to, and for what is no address', () => {
    expect(faultsOf('transfer')).toEqual([
      '2: transfer does not say to whom (add to ADDRESS... or to *)',
    ]);
    for (const text of ['x', '192.0.2.1:0', '192.0.2.1:65536', '192.0.2.0/33', '[::1]', '::1:']) {
      expect(faultsOf(`transfer {\n to ${text}\n}`)).toEqual([
        `3: to: "${text}" is no address (write *, IP, IP:PORT, [IPv6]:PORT or ADDRESS/MASK)`,
      ]);
    }
    expect(
      faultsOf('transfer a b {\n to 192.0.2.1:5300 [::1]:53 ::2 10.0.0.0/8\n to *\n}'),
    ).toEqual([]);
  });

  it.skipIf(!hasPrograms('dig'))('logs who took a zone', async () => {
    const logger = logLines();
    const zone = new ClusterZone([], 7);
    const { port } = await serve(zone, 'transfer cluster.local {\n to 127.0.0.1:1\n}', logger);
    await dig(port, 'cluster.local', 'AXFR');
    const at = logger.lines.indexOf('info zone transfer');
    expect(logger.fields[at]).toEqual({ zone: 'cluster.local.', serial: 7, client: '127.0.0.1' });
  });
});
