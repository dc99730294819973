/** The watch source as record derivation sees it: kinds, batches, synced once, compared with lists, over TLS. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiResponseReport } from '../../src/kube/api-client.js';
import {
  createKubeWatch,
  type KubeWatch,
  type WatchWish,
  watchKey,
} from '../../src/kube/kube-watch.js';
import { DEFAULT_TIMING } from '../../src/kube/watch-timing.js';
import { silentLogger } from '../../src/observe/logger.js';
import { HandClock } from './hand-clock.js';
import { type Exchange, ScriptedApi, service, serviceList } from './scripted-api.js';
import { eventually, WatchHarness } from './watch-harness.js';

let api: ScriptedApi;
let closing: { close(): Promise<void> }[];

beforeEach(async () => {
  api = await ScriptedApi.start();
  closing = [api];
});

afterEach(async () => {
  for (const one of closing.reverse()) await one.close();
});

function started(harness: WatchHarness): WatchHarness {
  closing.push(harness);
  return harness;
}

const wish: WatchWish = {
  access: {},
  labels: '',
  namespaceLabels: '',
  noEndpoints: false,
  pods: 'insecure',
};

async function create(
  wishes: readonly WatchWish[],
  onResponse?: (response: ApiResponseReport) => void,
): Promise<KubeWatch> {
  const watch = await createKubeWatch({
    wishes,
    env: {},
    logger: silentLogger,
    clock: new HandClock(),
    ...(onResponse === undefined ? {} : { onResponse }),
  });
  closing.push(watch);
  return watch;
}

describe('the kinds that are watched', () => {
  it.each([
    [{}, ['Namespace', 'Service', 'EndpointSlice']],
    [{ pods: 'verified' }, ['Namespace', 'Service', 'EndpointSlice', 'Pod']],
    [{ noEndpoints: true }, ['Namespace', 'Service']],
  ] as const)('for %j are %j', async (more, kinds) => {
    const watch = await create([{ ...wish, ...more, access: { endpoint: api.url } }]);
    expect(watch.kinds).toEqual(kinds);
  });

  it('for several directives are those that any of them needs', async () => {
    const access = { endpoint: api.url };
    const watch = await create([
      { ...wish, access, noEndpoints: true },
      { ...wish, access, pods: 'verified' },
    ]);
    expect(watch.kinds).toEqual(['Namespace', 'Service', 'EndpointSlice', 'Pod']);
  });

  it('can be shared by directives with the same access and selectors only', () => {
    expect(watchKey(wish)).toBe(watchKey({ ...wish, noEndpoints: true, pods: 'verified' }));
    expect(watchKey(wish)).not.toBe(watchKey({ ...wish, labels: 'a=b' }));
    expect(watchKey(wish)).not.toBe(watchKey({ ...wish, access: { endpoint: 'http://a' } }));
  });

  it('are selected by their own label selectors, pods by their phase too', async () => {
    const reports: ApiResponseReport[] = [];
    const watch = await create(
      [
        {
          ...wish,
          access: { endpoint: api.url },
          labels: 'a=b',
          namespaceLabels: 'c in (d)',
          pods: 'verified',
        },
      ],
      (report) => reports.push(report),
    );
    watch.start();
    const selectors: (string | null)[] = [];
    for (const resource of ['namespaces', 'services', 'endpointslices', 'pods']) {
      const stream = await api.take('streamed-list', resource);
      selectors.push(stream.query.get('labelSelector'));
      if (resource === 'pods') selectors.push(stream.query.get('fieldSelector'));
      expect(stream.headers['user-agent']).toBe('svcdns');
      stream.open().bookmark('5', true);
    }
    expect(selectors).toEqual([
      'c in (d)',
      'a=b',
      'a=b',
      'a=b',
      'status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown',
    ]);
    await eventually(() => watch.synced());
    expect(reports).toHaveLength(4);
    expect(reports[0]).toMatchObject({ verb: 'watch', status: 200, host: new URL(api.url).host });
  });
});

describe('batches', () => {
  it('begin with the first change at once and hold together what comes with it, in its order', async () => {
    const harness = started(new WatchHarness(api));
    const stream = (await api.take('streamed-list', 'services')).open();
    stream.bookmark('1', true);
    await eventually(() => harness.syncedCalls === 1);
    stream.raw(
      ['b', 'a', 'c']
        .map(
          (name, i) =>
            `${JSON.stringify({ type: 'ADDED', object: service(name, String(i + 2)) })}\n`,
        )
        .join(''),
    );
    await eventually(() => harness.batches.length === 2);
    expect(harness.told).toEqual(['added shop/b', 'added shop/a', 'added shop/c']);
    expect(harness.batches.map((batch) => batch.changes.length)).toEqual([1, 2]);
    expect(harness.batches[0]?.receivedAt).toBeGreaterThan(1_700_000_000_000);
  });

  it('of a first list are bounded, and the snapshot holds each of them when it is handed out', async () => {
    const harness = started(new WatchHarness(api));
    const missing: string[] = [];
    harness.watch.onBatch((batch) => {
      harness.batches.push(batch);
      for (const { after } of batch.changes) {
        if (harness.watch.snapshot.service('shop', after?.name ?? '') === undefined)
          missing.push(after?.name ?? '');
      }
    });
    (await api.take('streamed-list', 'services')).refuse(422, 'Invalid', 'no');
    const items = Array.from({ length: 3000 }, (_, i) => service(`s-${i}`, String(i + 1)));
    (await api.take('list', 'services')).answer(200, serviceList('4000', items));
    await eventually(() => harness.syncedCalls === 1);
    expect(harness.changes).toHaveLength(3000);
    expect(Math.max(...harness.batches.map((batch) => batch.changes.length))).toBeLessThanOrEqual(
      250,
    );
    expect(missing).toEqual([]);
  });

  it('come before synced is called, once, when the last kind is in', async () => {
    const harness = started(new WatchHarness(api, { kinds: ['Namespace', 'Service'] }));
    const order: string[] = [];
    harness.watch.onBatch((batch) => order.push(...batch.changes.map(({ kind }) => kind)));
    harness.watch.onSynced(() => order.push('synced'));
    const namespaces = (await api.take('streamed-list', 'namespaces')).open();
    const services = (await api.take('streamed-list', 'services')).open();
    services.event('ADDED', service('a', '1')).bookmark('9', true);
    await eventually(() => order.length === 1);
    expect(harness.watch.synced()).toBe(false);
    namespaces
      .event('ADDED', { metadata: { name: 'shop', resourceVersion: '1' } })
      .bookmark('9', true);
    await eventually(() => order.length === 3);
    expect(order).toEqual(['Service', 'Namespace', 'synced']);
  });
});

describe('the comparison with a list', () => {
  const timing = { ...DEFAULT_TIMING, compareMs: 600_000 };
  let harness: WatchHarness;
  let stream: Exchange;

  beforeEach(async () => {
    harness = started(new WatchHarness(api, { timing }));
    stream = (await api.take('streamed-list', 'services')).open();
    stream
      .event('ADDED', service('a', '1'))
      .event('ADDED', service('b', '2'))
      .bookmark('100', true);
    await eventually(() => harness.syncedCalls === 1);
    await harness.clock.waitedFor(timing.compareMs);
    // the stream stays alive over the ten minutes
    for (let i = 0; i < 10; i++) {
      harness.clock.advance(60_000);
      stream.bookmark(String(101 + i));
      await eventually(() => harness.state().resourceVersion === String(101 + i));
    }
  });

  it('asks for metadata alone, of what the server has at hand', async () => {
    const list = await api.take('list', 'services');
    expect(Object.fromEntries(list.query)).toEqual({ limit: '500', resourceVersion: '0' });
    expect(list.headers.accept).toBe(
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    );
  });

  it('knows objects that DNS can not use by their versions', async () => {
    const odd = { metadata: { namespace: 'shop', name: 'x.y', resourceVersion: '120' } };
    stream.event('ADDED', odd).bookmark('121');
    await eventually(() => harness.state().resourceVersion === '121');
    (await api.take('list', 'services')).answer(
      200,
      serviceList('121', [service('a', '1'), service('b', '2'), odd]),
    );
    await harness.clock.waitedFor(timing.compareMs);
    expect(harness.watch.counts().get('Service')?.differences).toBe(0);
  });

  it('says nothing when all agrees', async () => {
    (await api.take('list', 'services')).answer(
      200,
      serviceList('110', [service('a', '1'), service('b', '2')]),
    );
    await harness.clock.waitedFor(timing.compareMs);
    expect(harness.watch.counts().get('Service')).toMatchObject({ differences: 0, relists: 0 });
  });

  it('waits for events that are on their way before it calls something a difference', async () => {
    (await api.take('list', 'services')).answer(
      200,
      serviceList('120', [
        service('a', '115', '10.0.0.9'),
        service('new', '116'),
        service('gone', '117'),
      ]),
    );
    await harness.clock.waitedFor(timing.compareGraceMs);
    stream
      .event('MODIFIED', service('a', '115', '10.0.0.9'))
      .event('ADDED', service('new', '116'))
      .event('ADDED', service('gone', '117'))
      .event('DELETED', service('b', '118'))
      .event('DELETED', service('gone', '119'));
    await eventually(() => harness.state().resourceVersion === '119');
    harness.clock.advance(timing.compareGraceMs);
    await harness.clock.waitedFor(timing.compareMs);
    expect(harness.watch.counts().get('Service')).toMatchObject({ differences: 0, relists: 0 });
  });

  it('finds what was lost, counts it and has it listed anew', async () => {
    (await api.take('list', 'services')).answer(
      200,
      serviceList('110', [service('a', '90', '10.0.0.9'), service('lost', '91')]),
    );
    await harness.clock.waitedFor(timing.compareGraceMs);
    harness.clock.advance(timing.compareGraceMs);
    const relist = (await api.take('streamed-list', 'services')).open();
    relist.event('ADDED', service('a', '90', '10.0.0.9')).event('ADDED', service('lost', '91'));
    relist.bookmark('111', true);
    await eventually(() => harness.state().relists === 1);
    expect(harness.watch.counts().get('Service')?.differences).toBe(3);
    expect(harness.services).toEqual(['a', 'lost']);
    expect(harness.log.warnings()).toEqual(['the store differs from the API; it is listed anew']);
  });

  it('lets the watch go on when the list fails', async () => {
    (await api.take('list', 'services')).refuse(503, 'ServiceUnavailable', 'no');
    await harness.clock.waitedFor(timing.compareMs);
    stream.event('ADDED', service('c', '130'));
    await eventually(() => harness.services.length === 3);
    expect(harness.state().problem).toBe('');
  });
});

describe('TLS', () => {
  const name = [{ name: 'commonName', value: 'svcdns test' }];
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'svcdns-tls-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function write(text: string, file: string): Promise<string> {
    await writeFile(join(folder, file), text);
    return join(folder, file);
  }

  it('checks the server and shows it the client certificate', async () => {
    const server = await generate(name, {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const client = await generate(name);
    const secure = await ScriptedApi.start({
      key: server.private,
      cert: server.cert,
      ca: client.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    closing.push(secure);
    const access = {
      endpoint: `https://127.0.0.1:${secure.port}`,
      tls: {
        cert: await write(client.cert, 'client.crt'),
        key: await write(client.private, 'client.key'),
        ca: await write(server.cert, 'ca.crt'),
      },
    };
    const watch = await create([{ ...wish, access }]);
    watch.start();
    (await secure.take('streamed-list', 'services')).open().bookmark('7', true);
    await eventually(() => watch.states().some(({ kind, synced }) => kind === 'Service' && synced));
  });

  it('does not trust a server of another authority, and says what to check', async () => {
    const server = await generate(name);
    const other = await generate(name);
    const secure = await ScriptedApi.start({ key: server.private, cert: server.cert });
    closing.push(secure);
    const kubeconfig = await write(
      JSON.stringify({
        'current-context': 'a',
        clusters: [
          {
            name: 'a',
            cluster: {
              server: `https://127.0.0.1:${secure.port}`,
              'certificate-authority-data': Buffer.from(other.cert).toString('base64'),
            },
          },
        ],
        contexts: [{ name: 'a', context: { cluster: 'a' } }],
      }),
      'config',
    );
    const watch = await create([{ ...wish, access: { kubeconfig: { file: kubeconfig } } }]);
    watch.start();
    await eventually(() => watch.failures().size === 3);
    expect(watch.states()[0]?.problem).toMatch(
      /no trusted TLS connection to https:.*\(check certificate-authority, the certificates and the clock\)/,
    );
    expect(secure.untaken).toEqual([]);
  });
});
