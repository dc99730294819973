/** Search lists walked by the server: a file's, and that of the client's pod. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlockZones } from '../../../src/data-side.js';
import type { OwnerRecords } from '../../../src/records/rrset.js';
import { ZoneTable } from '../../../src/zone/zone-table.js';
import { faultsOf, serverBlock } from '../server-block.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'svcdns-autopath-'));
  await writeFile(
    join(directory, 'resolv.conf'),
    'search a.test b.test\nnameserver 192.0.2.53\n search one.test. two.test x..y\noptions ndots:5\n',
  );
  await writeFile(join(directory, 'empty.conf'), 'nameserver 192.0.2.53\n');
});
afterAll(() => rm(directory, { recursive: true }));

describe('autopath with a file', () => {
  const under = (zones = '') =>
    serverBlock(
      `autopath ${zones} resolv.conf
      template ANY ANY {
        match (there|example.org).one.test.$
        match ^(nowhere|a)[.]
        match example.org.two.test.$
        rcode NXDOMAIN
        fallthrough
      }
      hosts /nonexistent {
        192.0.2.1 here.one.test
        192.0.2.2 there.two.test
        192.0.2.3 api.example.org
        ttl 30
      }`,
      { directory },
    );

  it('answers the first name of the list that exists, behind an alias', async () => {
    const block = under();
    expect(await block.lines('here.one.test')).toEqual([
      'NOERROR',
      'here.one.test. 30 IN A 192.0.2.1',
    ]);
    expect(await block.lines('There.one.test')).toEqual([
      'NOERROR',
      'There.one.test. 30 IN CNAME There.two.test.',
      'There.two.test. 30 IN A 192.0.2.2',
    ]);
    expect(await block.lines('api.example.org.one.test')).toEqual([
      'NOERROR',
      'api.example.org.one.test. 30 IN CNAME api.example.org.',
      'api.example.org. 30 IN A 192.0.2.3',
    ]);
    expect(block.counts.get('coredns_autopath_success_total server=dns://:53')).toBe(2);
  });

  it('takes a name without an address of that family for one that exists', async () => {
    const [rcode, alias] = await under().lines('there.one.test AAAA');
    expect([rcode, alias]).toEqual(['NOERROR', 'there.one.test. 0 IN CNAME there.two.test.']);
  });

  it('gives the first answer where nothing exists, or where a name cannot be asked', async () => {
    expect(await under().lines('nowhere.one.test')).toEqual(['NXDOMAIN']);
    expect(await under().lines('example.org.one.test')).toEqual(['NXDOMAIN']);
  });

  it('leaves other types, other domains, the domain itself and names too long alone', async () => {
    const block = under();
    expect(await block.lines('there.one.test PTR')).toEqual(['NXDOMAIN']);
    expect(await block.lines('nowhere.b.test')).toEqual(['NXDOMAIN']);
    expect(await block.lines('one.test')).toEqual(['SERVFAIL']);
    const long = `${'a.'.repeat(122)}one.test`;
    expect(await block.lines(long)).toEqual(['NXDOMAIN']);
    expect(await under('two.test').lines('there.one.test')).toEqual(['NXDOMAIN']);
    expect(await under('one.test').lines('there.one.test')).toHaveLength(3);
  });
});

describe('autopath @kubernetes', () => {
  const zone = 'cluster.local.';
  const table = (at: string, owners: readonly OwnerRecords[]): SharedArrayBuffer => {
    const made = new ZoneTable({ zone: at, ttlSeconds: 30, allowsShort: () => true }, 2 ** 20);
    made.replaceUnit('', owners);
    made.writer.setReady();
    return made.buffer;
  };
  const address = (name: string, v4: string): OwnerRecords => ({
    name,
    rrsets: [{ type: 'A', addresses: [v4] }],
  });
  const zones = (): BlockZones[] => [
    {
      block: 0,
      zones: [
        {
          zone,
          kind: 'forward',
          table: table(zone, [
            { name: '', rrsets: [] },
            { name: 'svc', rrsets: [] },
            { name: 'shop.svc', rrsets: [] },
            address('web.shop.svc', '10.0.0.1'),
            { name: 'data.svc', rrsets: [] },
            address('db.data.svc', '10.0.0.2'),
          ]),
          ttlSeconds: 30,
          fallthrough: false,
          short: false,
          searchOutside: false,
        },
      ],
      external: [],
      clients: table('.', [
        { name: '10-244-0-1', rrsets: [{ type: 'TXT', texts: ['shop'], ttlSeconds: 0 }] },
      ]),
    },
  ];
  const under = () =>
    serverBlock(
      `autopath @kubernetes
      kubernetes cluster.local {
        pods verified
        endpoint http://127.0.0.1:1
        ttl 30
      }
      hosts /nonexistent {
        192.0.2.3 api.example.org
        fallthrough cluster.local
      }`,
      { zones: zones() },
    );
  const pod = { client: { address: '10.244.0.1' } };

  it('finds outside names and names of other namespaces from the first question', async () => {
    const block = under();
    expect(await block.lines('web.shop.svc.cluster.local', pod)).toEqual([
      'NOERROR',
      'web.shop.svc.cluster.local. 30 IN A 10.0.0.1',
    ]);
    expect(await block.lines('db.data.shop.svc.cluster.local', pod)).toEqual([
      'NOERROR',
      'db.data.shop.svc.cluster.local. 30 IN CNAME db.data.svc.cluster.local.',
      'db.data.svc.cluster.local. 30 IN A 10.0.0.2',
    ]);
    expect(await block.lines('db.data.svc.shop.svc.cluster.local', pod)).toEqual([
      'NOERROR',
      'db.data.svc.shop.svc.cluster.local. 30 IN CNAME db.data.svc.cluster.local.',
      'db.data.svc.cluster.local. 30 IN A 10.0.0.2',
    ]);
    expect(await block.lines('api.example.org.shop.svc.cluster.local', pod)).toEqual([
      'NOERROR',
      'api.example.org.shop.svc.cluster.local. 3600 IN CNAME api.example.org.',
      'api.example.org. 3600 IN A 192.0.2.3',
    ]);
  });

  it('gives NXDOMAIN with the SOA of the first name where nothing exists', async () => {
    const lines = await under().lines('nowhere.test.shop.svc.cluster.local', pod);
    expect(lines).toEqual([
      'NXDOMAIN',
      expect.stringMatching(/^authority cluster\.local\. 30 IN SOA/),
    ]);
  });

  it('leaves clients alone whose pod is not known, and lists of other namespaces', async () => {
    const block = under();
    const stranger = { client: { address: '10.244.0.9' } };
    const name = 'api.example.org.shop.svc.cluster.local';
    expect((await block.lines(name, stranger))[0]).toBe('NXDOMAIN');
    const elsewhere = 'api.example.org.data.svc.cluster.local';
    expect((await block.lines(elsewhere, pod))[0]).toBe('NXDOMAIN');
  });
});

describe('the directive', () => {
  it('is faulted without a list', () => {
    expect(faultsOf('autopath')).toEqual([
      '2: autopath lacks its search list (write autopath [ZONES...] @kubernetes, or the name of a file)',
    ]);
    expect(faultsOf('autopath @file')).toEqual([
      '2: autopath: @file has no search list (write autopath @kubernetes, or the name of a file)',
    ]);
    expect(faultsOf('autopath empty.conf', directory)).toEqual([
      '2: autopath: empty.conf has no line "search DOMAIN..." (add the line, or write autopath @kubernetes)',
    ]);
    expect(faultsOf('autopath missing', directory)).toHaveLength(1);
    expect(faultsOf('autopath @kubernetes {\n x\n}')).toHaveLength(1);
    expect(faultsOf('autopath a.test b.test @kubernetes')).toEqual([]);
  });
});
