/** The reflector against every fault that an API server has been seen with. */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_TIMING } from '../../src/kube/watch-timing.js';
import { HandClock } from './hand-clock.js';
import { type Exchange, ScriptedApi, service, serviceList, status } from './scripted-api.js';
import { eventually, plainAccess, WatchHarness } from './watch-harness.js';

let api: ScriptedApi;
let harness: WatchHarness;

beforeEach(async () => {
  api = await ScriptedApi.start();
});

afterEach(async () => {
  await harness.close();
  await api.close();
});

/** Starts a watch whose streamed list holds these services at version 100, and gives the open stream. */
async function following(...names: readonly string[]): Promise<Exchange> {
  harness = new WatchHarness(api);
  const stream = (await api.take('streamed-list', 'services')).open();
  for (const [i, name] of names.entries()) stream.event('ADDED', service(name, String(i + 1)));
  stream.bookmark('100', true);
  await eventually(() => harness.state().synced);
  return stream;
}

/** Lets the server's version be asked for, as a reconnect after a failure does. */
async function answerVersion(resourceVersion: string): Promise<void> {
  (await api.take('version', 'services')).answer(200, serviceList(resourceVersion, []));
}

describe('the first list', () => {
  it('is streamed with its initial events and becomes the watch', async () => {
    harness = new WatchHarness(api, { labels: 'app=web' });
    const stream = await api.take('streamed-list', 'services');
    expect(Object.fromEntries(stream.query)).toEqual({
      labelSelector: 'app=web',
      watch: 'true',
      allowWatchBookmarks: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      timeoutSeconds: '300',
    });
    stream.open().event('ADDED', service('a', '7'));
    await eventually(() => harness.services.length === 1);
    expect(harness.state()).toMatchObject({ synced: false, connected: false });
    stream.bookmark('100', true);
    await eventually(() => harness.syncedCalls === 1);
    expect(harness.told).toEqual(['added shop/a']);
    expect(harness.state()).toMatchObject({
      synced: true,
      connected: true,
      problem: '',
      resourceVersion: '100',
      objects: 1,
      relists: 0,
    });
    stream.event('ADDED', service('b', '101', '10.0.0.2'));
    await eventually(() => harness.services.length === 2);
    expect(harness.state().resourceVersion).toBe('101');
  });

  it('comes in pages where the server refuses to stream it', async () => {
    harness = new WatchHarness(api);
    const message = 'sendInitialEvents: Forbidden: unsupported';
    (await api.take('streamed-list', 'services')).refuse(422, 'Invalid', message);
    const first = await api.take('list', 'services');
    expect(Object.fromEntries(first.query)).toEqual({ limit: '500', resourceVersion: '0' });
    first.answer(200, serviceList('50', [service('a', '1')], 'token-1'));
    const second = await api.take('list', 'services');
    expect(Object.fromEntries(second.query)).toEqual({ limit: '500', continue: 'token-1' });
    second.answer(200, serviceList('50', [service('b', '2')]));
    const watch = await api.take('watch', 'services');
    expect(Object.fromEntries(watch.query)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '50',
      timeoutSeconds: '300',
    });
    expect(harness.services).toEqual(['a', 'b']);
    expect(harness.log.warnings()).toEqual([]);
  });

  it('comes in pages where streaming ends in an ERROR event, as over etcd 3.4', async () => {
    harness = new WatchHarness(api);
    (await api.take('streamed-list', 'services'))
      .open()
      .event('ADDED', service('a', '1'))
      .event('ERROR', status(500, 'InternalError', 'RequestWatchProgress is not supported'))
      .end();
    (await api.take('list', 'services')).answer(200, serviceList('50', [service('b', '2')]));
    await api.take('watch', 'services');
    expect(harness.services).toEqual(['b']);
  });

  it('comes in pages where a streamed one stays silent', async () => {
    harness = new WatchHarness(api);
    const stream = await api.take('streamed-list', 'services');
    stream.open();
    await harness.clock.waitedFor(DEFAULT_TIMING.initialIdleMs);
    harness.clock.advance(DEFAULT_TIMING.initialIdleMs);
    (await api.take('list', 'services')).answer(200, serviceList('50', []));
    await api.take('watch', 'services');
    expect(harness.state().synced).toBe(true);
  });

  it('comes in pages where the server sends plain bookmarks in place of the list', async () => {
    harness = new WatchHarness(api);
    (await api.take('streamed-list', 'services')).open().bookmark('40');
    (await api.take('list', 'services')).answer(200, serviceList('50', []));
    await api.take('watch', 'services');
  });

  it('is read in one piece when its continue token expires', async () => {
    harness = new WatchHarness(api);
    (await api.take('streamed-list', 'services')).refuse(400, 'BadRequest', 'no');
    const first = await api.take('list', 'services');
    first.answer(200, serviceList('50', [service('gone-since', '1')], 'token-1'));
    (await api.take('list', 'services')).refuse(410, 'Expired', 'the continue token is too old');
    const whole = await api.take('list', 'services');
    expect([...whole.query.keys()]).toEqual([]);
    whole.answer(200, serviceList('60', [service('a', '55')]));
    const watch = await api.take('watch', 'services');
    expect(watch.query.get('resourceVersion')).toBe('60');
    expect(harness.services).toEqual(['a']);
  });

  it('may be compressed', async () => {
    harness = new WatchHarness(api);
    const streamed = await api.take('streamed-list', 'services');
    expect(streamed.headers['accept-encoding']).toBe('identity');
    streamed.refuse(422, 'Invalid', 'no');
    const list = await api.take('list', 'services');
    expect(list.headers['accept-encoding']).toBe('gzip');
    const items = Array.from({ length: 300 }, (_, i) => service(`s-${i}`, String(i + 1)));
    list.answer(200, gzipSync(JSON.stringify(serviceList('400', items))), {
      'Content-Encoding': 'gzip',
    });
    await api.take('watch', 'services');
    expect(harness.services).toHaveLength(300);
  });

  it('is tried again when its JSON is cut off, and nothing counts as deleted', async () => {
    harness = new WatchHarness(api);
    (await api.take('streamed-list', 'services')).refuse(422, 'Invalid', 'no');
    const whole = JSON.stringify(serviceList('50', [service('a', '1'), service('b', '2')]));
    (await api.take('list', 'services')).answer(200, whole.slice(0, -10));
    (await api.take('streamed-list', 'services')).refuse(422, 'Invalid', 'no');
    (await api.take('list', 'services')).answer(200, whole);
    await api.take('watch', 'services');
    expect(harness.services).toEqual(['a', 'b']);
    expect(harness.watch.counts().get('Service')?.failures.get('truncated')).toBe(1);
  });

  it('is not taken from something that is no API', async () => {
    harness = new WatchHarness(api);
    (await api.take('streamed-list', 'services')).answer(200, '<html>welcome</html>\n');
    (await api.take('list', 'services')).answer(200, '{"hello":"world"}');
    await eventually(() => harness.watch.failures().size === 1);
    expect(harness.state().problem).toContain('the body is no list');
    expect(harness.state().synced).toBe(false);
  });
});

describe('a watch', () => {
  it('is resumed from its last event when the server ends it', async () => {
    const stream = await following('a');
    stream.event('MODIFIED', service('a', '120', '10.0.0.9')).end();
    const again = await api.take('watch', 'services');
    expect(again.query.get('resourceVersion')).toBe('120');
    expect(harness.state()).toMatchObject({ connected: true, relists: 0 });
    expect(harness.log.warnings()).toEqual([]);
  });

  it('is resumed from its last bookmark', async () => {
    const stream = await following('a');
    stream.bookmark('500').end();
    const again = await api.take('watch', 'services');
    expect(again.query.get('resourceVersion')).toBe('500');
    expect(harness.told).toEqual(['added shop/a']);
  });

  it('asks for a time-out between five and ten minutes', async () => {
    harness = new WatchHarness(api, {}, new HandClock(() => 0.999));
    const stream = await api.take('streamed-list', 'services');
    expect(stream.query.get('timeoutSeconds')).toBe('599');
  });

  it('is resumed after a reset in the middle of a line, without losing or doubling anything', async () => {
    const stream = await following('a');
    const line = JSON.stringify({ type: 'ADDED', object: service('b', '101', '10.0.0.2') });
    stream.raw(line.slice(0, 40));
    stream.reset();
    await answerVersion('101');
    const again = await api.take('watch', 'services');
    expect(again.query.get('resourceVersion')).toBe('100');
    again.open().raw(`${line}\n`);
    await eventually(() => harness.services.length === 2);
    await eventually(() => harness.told.length === 2);
    expect(harness.told).toEqual(['added shop/a', 'added shop/b']);
  });

  it('is resumed when its last line has no end', async () => {
    const stream = await following('a');
    stream.raw('{"type":"ADDED","object":{"metadata":').end();
    await answerVersion('100');
    await api.take('watch', 'services');
    expect(harness.watch.counts().get('Service')?.failures.get('truncated')).toBe(1);
    expect(harness.services).toEqual(['a']);
  });

  it('is resumed after a line that is no JSON, and gives the version up after three of them', async () => {
    const stream = await following('a');
    stream.raw('{"type":"ADD\n');
    for (let i = 0; i < 2; i++) {
      const again = await api.take('watch', 'services');
      expect(again.query.get('resourceVersion')).toBe('100');
      again.open().raw('nonsense\n');
    }
    (await api.take('streamed-list', 'services')).open().bookmark('130', true);
    await eventually(() => harness.told.length === 2);
    expect(harness.told).toEqual(['added shop/a', 'deleted shop/a']);
  });

  it('that stays silent is given up and resumed, and nobody is alarmed', async () => {
    await following('a');
    await harness.clock.waitedFor(DEFAULT_TIMING.watchIdleMs);
    harness.clock.advance(DEFAULT_TIMING.watchIdleMs);
    await answerVersion('100');
    const again = await api.take('watch', 'services');
    expect(again.query.get('resourceVersion')).toBe('100');
    expect(harness.watch.counts().get('Service')?.silences).toBe(1);
    expect(harness.log.warnings()).toEqual([]);
  });

  it('that never begins is given up, told, and tried again', async () => {
    const stream = await following('a');
    stream.end();
    await api.take('watch', 'services');
    await harness.clock.waitedFor(DEFAULT_TIMING.openMs);
    harness.clock.advance(DEFAULT_TIMING.openMs);
    await eventually(() => !harness.state().connected);
    expect(harness.state()).toMatchObject({
      synced: true,
      problem: 'watch services: nothing came for 15 s',
    });
    expect(harness.services).toEqual(['a']);
    await answerVersion('100');
    (await api.take('watch', 'services')).open();
    await eventually(() => harness.state().connected);
    expect(harness.state().problem).toBe('');
  });

  it('is kept alive by bookmarks alone', async () => {
    const stream = await following('a');
    for (const version of ['110', '120', '130']) {
      harness.clock.advance(60_000);
      stream.bookmark(version);
      await eventually(() => harness.state().resourceVersion === version);
    }
    expect(harness.watch.counts().get('Service')).toMatchObject({ bookmarks: 4, silences: 0 });
  });

  it('takes an event that comes twice once', async () => {
    const stream = await following('a');
    const changed = service('a', '120', '10.0.0.9');
    stream.event('MODIFIED', changed).event('MODIFIED', changed).bookmark('121');
    await eventually(() => harness.state().resourceVersion === '121');
    await eventually(() => harness.batches.length >= 2);
    expect(harness.told).toEqual(['added shop/a', 'changed shop/a']);
    expect(harness.watch.counts().get('Service')?.duplicates).toBe(1);
  });

  it('passes over changes that nothing of what is kept shows', async () => {
    const stream = await following('a');
    stream.event('MODIFIED', service('a', '120')).bookmark('121');
    await eventually(() => harness.state().resourceVersion === '121');
    expect(harness.told).toEqual(['added shop/a']);
    expect(harness.watch.snapshot.service('shop', 'a')?.resourceVersion).toBe('120');
  });

  it('of which the events are out of order is replaced by a list', async () => {
    const stream = await following('a');
    stream.event('ADDED', service('c', '130', '10.0.0.3'));
    stream.event('ADDED', service('b', '120', '10.0.0.2'));
    const relist = await api.take('streamed-list', 'services');
    expect(harness.services).toEqual(['a', 'c']);
    relist.open();
    for (const name of ['a', 'b', 'c']) relist.event('ADDED', service(name, '120'));
    relist.bookmark('131', true);
    await eventually(() => harness.state().relists === 1);
    expect(harness.services).toEqual(['a', 'b', 'c']);
  });

  it('takes a deletion that carries the version of the last change', async () => {
    const stream = await following('a', 'b');
    stream.event('DELETED', service('a', '1')).bookmark('110');
    await eventually(() => harness.state().resourceVersion === '110');
    expect(harness.services).toEqual(['b']);
  });

  it('passes over an object that is none, and says so once', async () => {
    const stream = await following('a');
    const odd = {
      metadata: { namespace: 'shop', name: 'Not A Name\u0007', resourceVersion: '110' },
    };
    stream
      .event('ADDED', odd)
      .event('MODIFIED', { ...odd, metadata: { ...odd.metadata, resourceVersion: '111' } });
    stream.event('ADDED', 'a text').event('ADDED', service('b', '112', '10.0.0.2'));
    await eventually(() => harness.services.length === 2);
    expect(harness.watch.counts().get('Service')?.skipped).toBe(3);
    const told = harness.log.lines.filter((line) => line.message === 'object is not used');
    expect(told.map((line) => line.fields['object'])).toEqual([
      'Service shop/Not?A?Name?',
      'Service (without a name)',
    ]);
  });

  it('deletes an object that becomes unusable', async () => {
    harness = new WatchHarness(api, { kinds: ['EndpointSlice'] });
    const slice = (labels: object, resourceVersion: string): object => ({
      metadata: { namespace: 'shop', name: 'a-1', resourceVersion, labels },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.0.1'] }],
    });
    const stream = (await api.take('streamed-list', 'endpointslices')).open();
    stream.event('ADDED', slice({ 'kubernetes.io/service-name': 'a' }, '1')).bookmark('100', true);
    stream.event('MODIFIED', slice({}, '101'));
    await eventually(() => harness.state('EndpointSlice').resourceVersion === '101');
    await eventually(() => harness.told.length === 2);
    expect(harness.told).toEqual(['added shop/a-1', 'deleted shop/a-1']);
  });
});

describe('a forgotten version', () => {
  it.each([
    [
      'an HTTP status',
      (watch: Exchange) => watch.refuse(410, 'Expired', 'too old resource version'),
    ],
    [
      'an ERROR event',
      (watch: Exchange) =>
        watch
          .open()
          .event('ERROR', status(410, 'Expired', 'too old resource version'))
          .end(),
    ],
  ])('said by %s leads to a list that finds what was missed, deletions too', async (_, refuse) => {
    const stream = await following('kept', 'changed', 'deleted');
    stream.end();
    refuse(await api.take('watch', 'services'));
    const relist = (await api.take('streamed-list', 'services')).open();
    expect(harness.services).toEqual(['changed', 'deleted', 'kept']);
    relist
      .event('ADDED', service('kept', '1'))
      .event('ADDED', service('changed', '150', '10.0.0.7'))
      .event('ADDED', service('new', '160', '10.0.0.8'));
    await eventually(() => harness.services.includes('new'));
    expect(harness.services).toContain('deleted');
    relist.bookmark('200', true);
    await eventually(() => harness.state().relists === 1);
    await eventually(() => harness.told.length === 6);
    expect(harness.told.slice(3)).toEqual([
      'changed shop/changed',
      'added shop/new',
      'deleted shop/deleted',
    ]);
    expect(harness.syncedCalls).toBe(1);
  });

  it('that the server does not know yet leads to a list', async () => {
    const stream = await following('a');
    stream.end();
    (await api.take('watch', 'services')).answer(504, {
      kind: 'Status',
      code: 504,
      reason: 'Timeout',
      message: 'Too large resource version: 100, current: 50',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
    });
    await api.take('streamed-list', 'services');
  });
});

describe('a server restored from a backup', () => {
  it('is noticed when the watch is resumed, and listed anew', async () => {
    const stream = await following('old', 'newer-than-backup');
    stream.reset();
    await answerVersion('60');
    const relist = (await api.take('streamed-list', 'services')).open();
    relist.event('ADDED', service('old', '1')).bookmark('61', true);
    await eventually(() => harness.state().relists === 1);
    expect(harness.services).toEqual(['old']);
    expect(harness.state().resourceVersion).toBe('61');
    relist.event('ADDED', service('b', '62', '10.0.0.2'));
    await eventually(() => harness.services.length === 2);
  });

  it('is noticed by a bookmark that went back', async () => {
    const stream = await following('a');
    stream.bookmark('60');
    await api.take('streamed-list', 'services');
    expect(harness.watch.counts().get('Service')?.failures.get('regressed')).toBe(1);
  });
});

describe('an API that does not answer as it should', () => {
  it('is waited for as long as Retry-After says', async () => {
    const stream = await following('a');
    stream.end();
    (await api.take('watch', 'services')).refuse(429, 'TooManyRequests', 'later', {
      'Retry-After': '7',
    });
    await harness.clock.waitedFor(7000);
    expect(harness.state().problem).toContain('429');
    harness.clock.advance(7000);
    const again = await api.take('watch', 'services');
    expect(again.query.get('resourceVersion')).toBe('100');
  });

  it('is asked ever less often, between nothing and 30 seconds', async () => {
    const clock = new HandClock(() => 0.25);
    harness = new WatchHarness(api, {}, clock);
    for (const delayMs of [50, 100, 200, 400, 800, 1600, 3200, 6400, 7500, 7500]) {
      (await api.take('streamed-list', 'services')).refuse(429, 'TooManyRequests', 'later');
      await clock.waitedFor(delayMs);
      clock.advance(delayMs);
    }
  });

  it('is told once, however long it lasts, and told again when it is over', async () => {
    const stream = await following('a');
    stream.end();
    (await api.take('watch', 'services')).refuse(503, 'ServiceUnavailable', 'starting');
    for (let i = 0; i < 3; i++) {
      (await api.take('version', 'services')).refuse(503, 'ServiceUnavailable', 'starting');
    }
    await answerVersion('100');
    (await api.take('watch', 'services')).open();
    await eventually(() => harness.state().connected);
    const loud = harness.log.lines.filter((line) => line.level !== 'debug').slice(1);
    expect(loud.map((line) => line.message)).toEqual([
      'the API is not followed; what is known stays',
      'the API is followed again',
    ]);
    expect(harness.services).toEqual(['a']);
  });

  it('is not there at all: what is known stays, and the state says why', async () => {
    const stream = await following('a');
    const { port } = api;
    await api.close();
    stream.reset();
    await eventually(() => !harness.state().connected);
    expect(harness.state().problem).toMatch(new RegExp(`no connection to .*${port}.*ECONNREFUSED`));
    expect(harness.services).toEqual(['a']);
    await harness.close();
    api = await ScriptedApi.start();
  });

  it('refuses by RBAC: the state names verb, resource, group and the missing rule', async () => {
    harness = new WatchHarness(api, { kinds: ['EndpointSlice'] });
    const message =
      'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:dns:svcdns" cannot watch resource';
    (await api.take('streamed-list', 'endpointslices')).refuse(403, 'Forbidden', message);
    await eventually(() => harness.watch.failures().size === 1);
    expect(harness.state('EndpointSlice').problem).toBe(
      `not allowed to watch endpointslices in API group discovery.k8s.io: ${message} ` +
        '(add to the ClusterRole: apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"])',
    );
    expect(harness.watch.failures().get('EndpointSlice')?.code).toBe('KUBE_FORBIDDEN');
  });

  it('has no EndpointSlices: says which Kubernetes is needed and goes on trying', async () => {
    harness = new WatchHarness(api, { kinds: ['EndpointSlice'] });
    (await api.take('streamed-list', 'endpointslices')).answer(404, '404 page not found\n');
    await eventually(() => harness.watch.failures().size === 1);
    expect(harness.watch.failures().get('EndpointSlice')?.code).toBe('KUBE_API_MISSING');
    expect(harness.state('EndpointSlice').problem).toContain(
      'has no EndpointSlice in discovery.k8s.io/v1 (Kubernetes 1.21 or later is needed',
    );
    const next = await api.take('streamed-list', 'endpointslices');
    next.open().bookmark('5', true);
    await eventually(() => harness.state('EndpointSlice').synced);
  });

  it('refuses the credentials: they are asked for anew before the next request', async () => {
    let token = 'old';
    let refusals = 0;
    harness = new WatchHarness(api, {
      access: {
        ...plainAccess(api.url),
        authorization: async () => `Bearer ${token}`,
        refused: () => {
          refusals += 1;
          token = 'new';
        },
      },
    });
    const first = await api.take('streamed-list', 'services');
    expect(first.headers.authorization).toBe('Bearer old');
    first.refuse(401, 'Unauthorized', 'Unauthorized');
    const second = await api.take('streamed-list', 'services');
    expect(second.headers.authorization).toBe('Bearer new');
    expect(refusals).toBe(1);
    expect(harness.state().problem).toContain('refuses the credentials (401)');
  });

  it('can hold a line of any size against it without filling the memory', async () => {
    const stream = await following('a');
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 17; i++) stream.raw(megabyte);
    await api.take('watch', 'services');
    expect(harness.watch.counts().get('Service')?.failures.get('malformed')).toBe(1);
  });

  it('wakes the other watches when one of them reaches it again', async () => {
    const clock = new HandClock(() => 1);
    harness = new WatchHarness(api, { kinds: ['Service', 'Namespace'] }, clock);
    (await api.take('streamed-list', 'services')).reset();
    (await api.take('streamed-list', 'namespaces')).reset();
    await eventually(() => clock.pending.filter((delayMs) => delayMs === 200).length === 2);
    clock.advance(200);
    (await api.take('streamed-list', 'services')).reset();
    const namespaces = await api.take('streamed-list', 'namespaces');
    await clock.waitedFor(400);
    namespaces.open().bookmark('9', true);
    await api.take('streamed-list', 'services');
  });
});

describe('shutting down', () => {
  it('hangs up every stream and leaves no connection behind', async () => {
    const stream = await following('a');
    await harness.close();
    await stream.closed;
    await eventually(() => harness.clock.pending.length === 0);
    let open = await api.connections();
    while (open > 0) open = await api.connections();
    expect(harness.services).toEqual(['a']);
  });

  it('ends a wait for an API that is away', async () => {
    harness = new WatchHarness(api, {}, new HandClock(() => 1));
    (await api.take('streamed-list', 'services')).refuse(429, 'TooManyRequests', 'later');
    await harness.clock.waitedFor(200);
    await harness.close();
    expect(harness.clock.pending).toEqual([]);
  });
});
