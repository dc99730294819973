import { describe, expect, it } from 'vitest';
import { objectAt, textAt } from '../../src/embedded/json.js';
import { nameOf } from '../../src/embedded/object-identity.js';
import { call, itemsOf, service, startApi, watch } from './api-client.js';

const SERVICES = '/api/v1/namespaces/default/services';

/** `ADDED a` */
function told(event: Parameters<typeof textAt>[0]): string {
  return `${textAt(event, 'type')} ${nameOf(objectAt(event, 'object'))}`;
}

describe('list', () => {
  it('comes in pages that show one state while the objects change', async () => {
    const api = await startApi();
    for (const name of ['a', 'b', 'c', 'd']) api.apply(service(name));
    const first = await call(api, 'GET', `${SERVICES}?limit=2`);
    expect(first.body).toMatchObject({ kind: 'ServiceList', metadata: { remainingItemCount: 3 } });
    api.delete('Service', 'default', 'c');
    api.apply(service('e'));
    const names = itemsOf(first).map(nameOf);
    let token = textAt(first.body, 'metadata', 'continue');
    while (token !== '') {
      const page = await call(api, 'GET', `${SERVICES}?limit=2&continue=${token}`);
      expect(textAt(page.body, 'metadata', 'resourceVersion')).toBe(
        textAt(first.body, 'metadata', 'resourceVersion'),
      );
      names.push(...itemsOf(page).map(nameOf));
      token = textAt(page.body, 'metadata', 'continue');
    }
    expect(names).toEqual(['a', 'b', 'c', 'd', 'kubernetes']);
  });

  it('answers 410 to a continue token whose state is forgotten', async () => {
    const api = await startApi();
    api.apply(service('a'));
    const { body } = await call(api, 'GET', `${SERVICES}?limit=1`);
    api.faults.expireHistory();
    const token = textAt(body, 'metadata', 'continue');
    const answer = await call(api, 'GET', `${SERVICES}?continue=${token}`);
    expect(answer).toMatchObject({ code: 410, body: { reason: 'Expired', code: 410 } });
  });

  it('shows an older state with resourceVersionMatch=Exact', async () => {
    const api = await startApi();
    const version = textAt(api.apply(service('a')), 'metadata', 'resourceVersion');
    api.delete('Service', 'default', 'a');
    const path = `${SERVICES}?resourceVersion=${version}&resourceVersionMatch=Exact`;
    expect(itemsOf(await call(api, 'GET', path)).map(nameOf)).toContain('a');
  });

  it('answers 504 to a resourceVersion of the future', async () => {
    const api = await startApi();
    const { code, body } = await call(api, 'GET', `${SERVICES}?resourceVersion=999999`);
    expect(code).toBe(504);
    expect(body).toMatchObject({ reason: 'Timeout', details: { retryAfterSeconds: 1 } });
  });

  it('selects by labels and by name', async () => {
    const api = await startApi();
    api.apply(service('a', {}, { labels: { tier: 'front' } }));
    api.apply(service('b'));
    const names = async (query: string): Promise<string[]> =>
      itemsOf(await call(api, 'GET', `/api/v1/services?${query}`)).map(nameOf);
    expect(await names('labelSelector=tier=front')).toEqual(['a']);
    expect(await names('fieldSelector=metadata.namespace=default,metadata.name=b')).toEqual(['b']);
  });

  it.each([
    ['resourceVersionMatch=Exact', 422],
    ['sendInitialEvents=true', 422],
    ['resourceVersion=x', 400],
    ['limit=x', 400],
    ['labelSelector=a%20b', 400],
    ['fieldSelector=spec.nodeName%3Dx', 400],
    ['continue=x', 400],
  ])('refuses %s with %i', async (query, code) => {
    const api = await startApi();
    const answer = await call(api, 'GET', `${SERVICES}?${query}`);
    expect(answer).toMatchObject({ code, body: { kind: 'Status', code } });
  });

  it('is compressed for a client that takes it', async () => {
    const api = await startApi();
    const data = { text: 'x'.repeat(200_000) };
    api.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'big' }, data });
    const answer = await call(api, 'GET', '/api/v1/configmaps');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(itemsOf(answer).map(nameOf)).toContain('big');
  });
});

describe('watch', () => {
  it('R-37 tells of each change after a resourceVersion, in order', async () => {
    const api = await startApi();
    api.apply(service('before'));
    const start = api.resourceVersion;
    api.apply(service('missed'));
    const reader = await watch(api, `${SERVICES}?resourceVersion=${start}`);
    expect(told(await reader.next())).toBe('ADDED missed');
    api.apply(service('a'));
    api.apply(service('a', { ports: [{ port: 81 }] }));
    api.delete('Service', 'default', 'a');
    const events = await reader.take(3);
    expect(events.map(told)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    const versions = events.map((event) =>
      Number(textAt(event, 'object', 'metadata', 'resourceVersion')),
    );
    expect(versions).toEqual(versions.toSorted((left, right) => left - right));
    reader.close();
  });

  it('begins with the present state when it names no version', async () => {
    const api = await startApi();
    api.apply(service('a'));
    const reader = await watch(api, SERVICES);
    expect((await reader.take(2)).map(told)).toEqual(['ADDED a', 'ADDED kubernetes']);
    reader.close();
  });

  it('ends with an ERROR event, 410, when the version is forgotten', async () => {
    const api = await startApi();
    const start = api.resourceVersion;
    api.faults.expireHistory();
    const reader = await watch(api, `${SERVICES}?resourceVersion=${start}`);
    expect(await reader.rest()).toMatchObject([
      { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } },
    ]);
  });

  it('sends bookmarks on request to those who allow them', async () => {
    const api = await startApi();
    const from = `${SERVICES}?resourceVersion=${api.resourceVersion}`;
    const reader = await watch(api, `${from}&allowWatchBookmarks=true`);
    const without = await watch(api, from);
    api.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } });
    api.bookmark();
    expect(await reader.next()).toMatchObject({
      type: 'BOOKMARK',
      object: {
        kind: 'Service',
        apiVersion: 'v1',
        metadata: { resourceVersion: String(api.resourceVersion) },
      },
    });
    api.apply(service('a'));
    expect(told(await without.next())).toBe('ADDED a');
    reader.close();
    without.close();
  });

  it('sends bookmarks of its own accord', async () => {
    const api = await startApi({ bookmarkMs: 10 });
    const reader = await watch(
      api,
      `${SERVICES}?resourceVersion=${api.resourceVersion}&allowWatchBookmarks=true`,
    );
    expect(await reader.take(2)).toMatchObject([{ type: 'BOOKMARK' }, { type: 'BOOKMARK' }]);
    reader.close();
  });

  it('streams the list first with sendInitialEvents and marks its end', async () => {
    const api = await startApi();
    api.apply(service('a'));
    const query =
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const reader = await watch(api, `${SERVICES}?${query}`);
    const events = await reader.take(3);
    expect(events.slice(0, 2).map(told)).toEqual(['ADDED a', 'ADDED kubernetes']);
    expect(events[2]).toMatchObject({
      type: 'BOOKMARK',
      object: {
        metadata: {
          resourceVersion: String(api.resourceVersion),
          annotations: { 'k8s.io/initial-events-end': 'true' },
        },
      },
    });
    api.apply(service('b'));
    expect(told(await reader.next())).toBe('ADDED b');
    reader.close();
  });

  it('refuses sendInitialEvents like an older API when it is told to', async () => {
    const api = await startApi({ watchList: false });
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const { code, body } = await call(api, 'GET', `${SERVICES}?${query}`);
    expect(code).toBe(422);
    expect(textAt(body, 'message')).toContain('unless the WatchList feature gate is enabled');
  });

  it('shows an object that leaves the selection as deleted', async () => {
    const api = await startApi();
    const reader = await watch(
      api,
      `${SERVICES}?labelSelector=tier&resourceVersion=${api.resourceVersion}`,
    );
    api.apply(service('a'));
    api.apply(service('a', {}, { labels: { tier: 'front' } }));
    api.apply(service('a'));
    const events = await reader.take(2);
    expect(events.map(told)).toEqual(['ADDED a', 'DELETED a']);
    expect(events[1]).toMatchObject({ object: { metadata: { labels: { tier: 'front' } } } });
    reader.close();
  });

  it('ends at its timeout and with endWatches', async () => {
    const api = await startApi();
    const from = `${SERVICES}?resourceVersion=${api.resourceVersion}`;
    const short = await watch(api, `${from}&timeoutSeconds=1`);
    const long = await watch(api, from);
    api.endWatches();
    expect(await long.rest()).toEqual([]);
    expect(await short.rest()).toEqual([]);
    const timed = await watch(api, `${from}&timeoutSeconds=1`);
    expect(await timed.rest()).toEqual([]);
  });

  it('gives tables to kubectl get -w', async () => {
    const api = await startApi({ now: () => 1_700_000_000_000 });
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const reader = await watch(api, `${SERVICES}?resourceVersion=${api.resourceVersion}`, accept);
    api.apply(service('a', { clusterIP: '10.0.0.11' }));
    expect(await reader.next()).toMatchObject({
      type: 'ADDED',
      object: {
        kind: 'Table',
        rows: [{ cells: ['a', 'ClusterIP', '10.0.0.11', '<none>', '80/TCP', '0s', '<none>'] }],
      },
    });
    reader.close();
  });
});
