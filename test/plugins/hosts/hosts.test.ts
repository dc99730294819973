/** The hosts directive as a client sees it. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordsReply } from '../../../src/chain/reply.js';
import { silentLogger } from '../../../src/observe/logger.js';
import { hostsPlugin } from '../../../src/plugins/hosts/directive.js';
import { HostsHandler } from '../../../src/plugins/hosts/handler.js';
import { optionsOf } from '../../../src/plugins/options-of.js';
import { type BlockUnderTest, faultsOf, serverBlock, serverOf } from '../server-block.js';
import { ZoneUpstream } from '../zone-upstream.js';

const HOSTS = `# a comment
10.0.0.1 a.example dup.example   # another
10.0.0.1 dup.example
10.0.0.2 both.example
2001:db8::1	a.example
10.0.0.9 *.wild.example
10.0.0.8 x.wild.example
999.1.1.1 bad.example
10.0.0.7 UPPER.Example other
fe80::1%eth0 link.example
`;

let folder: string;
let open: BlockUnderTest | undefined;

let upstream: ZoneUpstream;

beforeAll(async () => {
  upstream = await ZoneUpstream.open([
    'web.org. 300 IN A 192.0.2.1',
    'web.com. 300 IN A 192.0.2.2',
    'a.example. 300 IN TXT "upstream"',
    '4.3.2.1.in-addr.arpa. 300 IN PTR web.org.',
  ]);
});

afterAll(() => upstream.close());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hosts-'));
  writeFileSync(join(folder, 'hosts'), HOSTS);
});

afterEach(async () => {
  await open?.close();
  open = undefined;
  rmSync(folder, { recursive: true });
});

function block(body: string): BlockUnderTest {
  open = serverBlock(body, { directory: folder });
  return open;
}

describe('names of hosts', () => {
  it('have addresses and PTR records, authoritative, for an hour', async () => {
    const under = block('hosts hosts');
    expect(await under.lines('a.example')).toEqual(['NOERROR', 'a.example. 3600 IN A 10.0.0.1']);
    expect(await under.lines('a.example AAAA')).toEqual([
      'NOERROR',
      'a.example. 3600 IN AAAA 2001:db8::1',
    ]);
    expect(await under.lines('link.example AAAA')).toEqual([
      'NOERROR',
      'link.example. 3600 IN AAAA fe80::1',
    ]);
    expect(await under.lines('1.0.0.10.in-addr.arpa PTR')).toEqual([
      'NOERROR',
      '1.0.0.10.in-addr.arpa. 3600 IN PTR a.example.',
      '1.0.0.10.in-addr.arpa. 3600 IN PTR dup.example.',
    ]);
    expect((await under.ask('a.example'))?.authoritative).toBe(true);
  });

  it('keep the letter case of the asker, whatever that of the file', async () => {
    const under = block('hosts hosts');
    expect(await under.lines('uPPer.exAMple')).toEqual([
      'NOERROR',
      'uPPer.exAMple. 3600 IN A 10.0.0.7',
    ]);
  });

  it('have each address once', async () => {
    const under = block('hosts hosts');
    expect(await under.lines('dup.example')).toEqual([
      'NOERROR',
      'dup.example. 3600 IN A 10.0.0.1',
    ]);
  });

  it('have no data for other types and for the other family', async () => {
    const under = block('hosts hosts');
    const reply = await under.ask('a.example TXT');
    expect(reply).toMatchObject({ rcode: 0, authoritative: true, answer: [], authority: [] });
    expect(await under.lines('both.example AAAA')).toEqual(['NOERROR']);
    expect(await under.lines('both.example PTR')).toEqual(['NOERROR']);
  });

  it('may be lines of the Corefile, behind those of the file', async () => {
    const under = block(
      'hosts hosts {\n 10.1.1.1 both.example inline.example\n ttl 60\n 10.1.1.2 late.example\n}',
    );
    expect(await under.lines('both.example')).toEqual([
      'NOERROR',
      'both.example. 60 IN A 10.0.0.2',
      'both.example. 60 IN A 10.1.1.1',
    ]);
    expect(await under.lines('late.example')).toEqual([
      'NOERROR',
      'late.example. 60 IN A 10.1.1.2',
    ]);
    expect(await under.lines('1.1.1.10.in-addr.arpa PTR')).toEqual([
      'NOERROR',
      '1.1.1.10.in-addr.arpa. 60 IN PTR both.example.',
      '1.1.1.10.in-addr.arpa. 60 IN PTR inline.example.',
    ]);
  });

  it('have no PTR records with no_reverse', async () => {
    const under = block('hosts hosts {\n no_reverse\n}');
    expect(await under.lines('1.0.0.10.in-addr.arpa PTR')).toEqual(['SERVFAIL']);
  });
});

describe('a wildcard', () => {
  it('stands for exactly one label, behind names of their own', async () => {
    const under = block('hosts hosts');
    expect(await under.lines('any.wild.example')).toEqual([
      'NOERROR',
      'any.wild.example. 3600 IN A 10.0.0.9',
    ]);
    expect(await under.lines('any.wild.example AAAA')).toEqual(['NOERROR']);
    expect(await under.lines('x.wild.example')).toEqual([
      'NOERROR',
      'x.wild.example. 3600 IN A 10.0.0.8',
    ]);
    expect(await under.lines('x.wild.example AAAA')).toEqual(['NOERROR']);
    for (const name of ['wild.example', 'b.a.wild.example']) {
      expect(await under.lines(name)).toEqual(['SERVFAIL']);
    }
  });

  it('has no PTR record', async () => {
    const under = block('hosts hosts');
    expect(await under.lines('9.0.0.10.in-addr.arpa PTR')).toEqual(['SERVFAIL']);
  });
});

describe('unknown names', () => {
  it('end in SERVFAIL that says why', async () => {
    const reply = await block('hosts hosts').ask('none.example', { edns: {} });
    expect(reply?.rcode).toBe(2);
    expect(Buffer.from(reply?.edns?.options[0]?.data ?? []).toString()).toContain('fallthrough');
  });

  it('go on to the next directive with fallthrough, in its zones only', async () => {
    const under = block(`hosts hosts {\n fallthrough org\n}\nforward . ${upstream.address}`);
    expect(await under.lines('web.org')).toEqual(['NOERROR', 'web.org. 300 IN A 192.0.2.1']);
    expect(await under.lines('web.com')).toEqual(['SERVFAIL']);
    expect(await under.lines('a.example TXT')).toEqual(['NOERROR']);
  });

  it('go on for PTR without fallthrough too: reverse names are never hosts alone', async () => {
    const under = block(`hosts hosts\nforward . ${upstream.address}`);
    expect(await under.lines('4.3.2.1.in-addr.arpa PTR')).toEqual([
      'NOERROR',
      '4.3.2.1.in-addr.arpa. 300 IN PTR web.org.',
    ]);
  });

  it('go on for other types of known names with fallthrough_unsupported', async () => {
    const under = block(
      `hosts hosts {\n fallthrough\n fallthrough_unsupported\n}\nforward . ${upstream.address}`,
    );
    expect(await under.lines('a.example TXT')).toEqual([
      'NOERROR',
      'a.example. 300 IN TXT "upstream"',
    ]);
    expect(await under.lines('both.example AAAA')).toEqual(['NOERROR']);
  });

  it('of zones that are not its own go on', async () => {
    const under = serverOf('example:53 arpa:53 {\nhosts hosts other.example\n}', {
      directory: folder,
    });
    open = under;
    expect(await under.lines('a.example')).toEqual(['SERVFAIL']);
    expect(await under.lines('1.0.0.10.in-addr.arpa PTR')).toEqual(['SERVFAIL']);
  });
});

describe('a hosts file', () => {
  it('is read anew when it changes, goes away, or comes back', async () => {
    const file = join(folder, 'hosts');
    const under = block('hosts hosts {\n 10.5.5.5 inline.example\n reload 5ms\n}');
    writeFileSync(file, '10.0.0.3 a.example new.example\n');
    await expect.poll(() => under.lines('new.example')).toHaveLength(2);
    expect(await under.lines('a.example')).toEqual(['NOERROR', 'a.example. 3600 IN A 10.0.0.3']);
    rmSync(file);
    await expect.poll(() => under.lines('new.example')).toEqual(['SERVFAIL']);
    expect(await under.lines('inline.example')).toHaveLength(2);
    writeFileSync(file, '10.0.0.4 new.example\n');
    await expect.poll(() => under.lines('new.example')).toHaveLength(2);
  });

  it('is read anew after the symlink swap of a ConfigMap, even if size and name stay', async () => {
    for (const [version, address] of [
      ['1', '10.0.0.1'],
      ['2', '10.0.0.2'],
    ] as const) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'NodeHosts'), `${address} node.example\n`);
    }
    symlinkSync('1', join(folder, '..data'));
    symlinkSync('..data/NodeHosts', join(folder, 'NodeHosts'));
    const under = block('hosts NodeHosts {\n reload 5ms\n}');
    expect(await under.lines('node.example')).toContain('node.example. 3600 IN A 10.0.0.1');
    symlinkSync('2', join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    await expect
      .poll(() => under.lines('node.example'))
      .toContain('node.example. 3600 IN A 10.0.0.2');
  });

  it('is counted by its names', async () => {
    const under = block('hosts hosts {\n reload 5ms\n}');
    const entries = (): number | undefined => under.counts.get('coredns_hosts_entries');
    expect(entries()).toBe(14);
    writeFileSync(join(folder, 'hosts'), '10.0.0.1 a.example\n');
    await expect.poll(entries).toBe(2);
    open = undefined;
    await under.close();
    expect(entries()).toBe(0);
  });

  it('may be missing at start', async () => {
    const under = block('hosts missing {\n 10.0.0.1 a.example\n reload 5ms\n}');
    expect(await under.lines('a.example')).toHaveLength(2);
    writeFileSync(join(folder, 'missing'), '10.0.0.2 b.example\n');
    await expect.poll(() => under.lines('b.example')).toHaveLength(2);
  });
});

describe('the directive', () => {
  it('takes its options', () => {
    const under = block(
      'hosts hosts Example.org {\n ttl 0\n no_reverse\n reload 0\n fallthrough\n}',
    );
    expect(under.plan.blocks[0]?.directives[0]?.options).toEqual({
      file: join(folder, 'hosts'),
      zones: ['example.org.'],
      inline: [],
      ttlSeconds: 0,
      noReverse: true,
      reloadMs: 0,
      fallthrough: ['.'],
      fallthroughUnsupported: false,
      place: { file: 'Corefile', line: 2 },
    });
  });

  it('faults what it cannot take', () => {
    expect(faultsOf('hosts {\n ttl x\n 10.0.0.1\n 10.0.0.2 a..b\n 10.0.0 c\n reload 5\n}')).toEqual(
      [
        '3: ttl: "x" is no whole number from 0 to 2147483647 (write such a number)',
        '4: 10.0.0.1 lacks its host name (write 10.0.0.1 HOST NAME...)',
        '5: hosts: "a..b" is no host name (write ADDRESS NAME...)',
        '6: hosts has no option "10.0.0" (known: ttl, no_reverse, reload, fallthrough, fallthrough_unsupported)',
        '7: reload: duration "5" has no unit (write 5s for seconds)',
      ],
    );
    expect(faultsOf('hosts {\n fallthrough_unsupported\n}')).toEqual([
      '2: hosts: fallthrough_unsupported needs fallthrough (add a line fallthrough)',
    ]);
  });
});

describe('what a way around the chain may ask', () => {
  const environment = {
    logger: silentLogger,
    addresses: [],
    now: () => 0,
    wallClock: () => 0,
    random: () => 0,
    ownsName: () => false,
    resolve: async () => recordsReply(2),
    count() {},
    observe() {},
  };

  async function handlerOf(body: string): Promise<HostsHandler> {
    const options = optionsOf(block(body).plan.blocks[0] ?? fail(), hostsPlugin);
    return new HostsHandler(options ?? fail(), environment);
  }

  function fail(): never {
    throw new Error('no such directive');
  }

  it('is which names of a zone the file holds', async () => {
    const handler = await handlerOf('hosts hosts {\n 10.3.0.1 *.local\n fallthrough\n}');
    expect(handler.names.coversZone('wild.example.')).toBe(true);
    expect(handler.names.coversZone('svc.example.')).toBe(false);
    expect(handler.names.ownersIn('wild.example.')).toEqual(['*.wild.example.', 'x.wild.example.']);
    expect(handler.names.ownersIn('0.0.10.in-addr.arpa.')).toContain('1.0.0.10.in-addr.arpa.');
    expect(handler.names.coversZone('3.10.in-addr.arpa.')).toBe(false);
    // a wildcard above the apex means the apex
    expect(handler.names.coversZone('cluster.local.')).toBe(true);
    expect(handler.names.coversZone('svc.cluster.local.')).toBe(false);
    await handler.close();
  });

  it('is every name where unknown ones do not go on', async () => {
    const handler = await handlerOf('hosts hosts example {\n fallthrough svc.example\n}');
    expect(handler.names.letsPass('svc.example.')).toBe(true);
    expect(handler.names.coversZone('svc.example.')).toBe(false);
    expect(handler.names.letsPass('example.')).toBe(false);
    expect(handler.names.coversZone('none.example.')).toBe(true);
    expect(handler.names.letsPass('.')).toBe(false);
    expect(handler.names.coversZone('cluster.local.')).toBe(false);
    await handler.close();
  });

  it('is told when the file changes', async () => {
    const handler = await handlerOf('hosts hosts {\n reload 5ms\n fallthrough\n}');
    const changed = new Promise<void>((resolve) => {
      const stop = handler.names.onChange(() => {
        stop();
        resolve();
      });
    });
    expect(handler.names.coversZone('cluster.local.')).toBe(false);
    writeFileSync(join(folder, 'hosts'), '10.0.0.1 a.cluster.local\n');
    await changed;
    expect(handler.names.ownersIn('cluster.local.')).toEqual(['a.cluster.local.']);
    await handler.close();
  });
});
