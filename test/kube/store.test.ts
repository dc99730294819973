/** The store: changes that count, indices that follow. */
import { describe, expect, it } from 'vitest';
import { cutObject } from '../../src/kube/cut-object.js';
import { Interner } from '../../src/kube/interner.js';
import type { KubeChange, KubeKind, KubeObject } from '../../src/kube/objects.js';
import { ObjectStore } from '../../src/kube/store.js';

const interner = new Interner();

function object(kind: KubeKind, value: unknown): KubeObject {
  const { object: kept } = cutObject(kind, value, interner);
  if (kept === undefined) throw new Error('the fixture is no object');
  return kept;
}

function put(store: ObjectStore, one: KubeObject): KubeChange | undefined {
  return store.apply({ kind: one.kind, namespace: one.namespace, name: one.name, object: one });
}

function service(name: string, clusterIPs: readonly string[], resourceVersion = '1'): KubeObject {
  return object('Service', {
    metadata: { namespace: 'shop', name, resourceVersion },
    spec: { clusterIPs },
  });
}

function slice(name: string, serviceName: string, addresses: readonly string[]): KubeObject {
  return object('EndpointSlice', {
    metadata: {
      namespace: 'shop',
      name,
      resourceVersion: '1',
      labels: { 'kubernetes.io/service-name': serviceName },
    },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  });
}

const names = (objects: Iterable<KubeObject>): string[] => [...objects].map(({ name }) => name);

describe('the store', () => {
  it('tells additions, changes and deletions with what was before', () => {
    const store = new ObjectStore();
    const first = service('a', ['10.0.0.1']);
    const second = service('a', ['10.0.0.2'], '2');
    expect(put(store, first)).toEqual({ kind: 'Service', after: first });
    expect(put(store, second)).toEqual({ kind: 'Service', before: first, after: second });
    expect(store.apply({ kind: 'Service', namespace: 'shop', name: 'a' })).toEqual({
      kind: 'Service',
      before: second,
    });
    expect(store.apply({ kind: 'Service', namespace: 'shop', name: 'a' })).toBeUndefined();
  });

  it('tells nothing when only the version is new, and takes the version over', () => {
    const store = new ObjectStore();
    put(store, service('a', ['10.0.0.1'], '1'));
    expect(put(store, service('a', ['10.0.0.1'], '9'))).toBeUndefined();
    expect(store.service('shop', 'a')?.resourceVersion).toBe('9');
    expect(store.servicesByClusterIP('10.0.0.1').map((one) => one.resourceVersion)).toEqual(['9']);
  });

  it('finds services by address, also while two have the same one', () => {
    const store = new ObjectStore();
    put(store, service('a', ['10.0.0.1', 'fd00::1']));
    put(store, service('b', ['10.0.0.1']));
    expect(names(store.servicesByClusterIP('10.0.0.1'))).toEqual(['a', 'b']);
    put(store, service('a', ['fd00::1']));
    expect(names(store.servicesByClusterIP('10.0.0.1'))).toEqual(['b']);
    expect(names(store.servicesByClusterIP('fd00::1'))).toEqual(['a']);
    store.apply({ kind: 'Service', namespace: 'shop', name: 'b' });
    expect(store.servicesByClusterIP('10.0.0.1')).toEqual([]);
  });

  it('finds slices by service and by address, in the order in which they came', () => {
    const store = new ObjectStore();
    put(store, slice('web-1', 'web', ['10.1.0.1', '10.1.0.2']));
    put(store, slice('web-2', 'web', ['10.1.0.2']));
    put(store, slice('db-1', 'db', ['10.1.0.3']));
    expect(names(store.slicesOf('shop', 'web'))).toEqual(['web-1', 'web-2']);
    put(store, slice('web-1', 'web', ['10.1.0.9']));
    expect(names(store.slicesOf('shop', 'web'))).toEqual(['web-1', 'web-2']);
    expect(names(store.slicesByAddress('10.1.0.2'))).toEqual(['web-2']);
    put(store, slice('web-2', 'db', ['10.1.0.2']));
    expect(names(store.slicesOf('shop', 'web'))).toEqual(['web-1']);
    expect(names(store.slicesOf('shop', 'db'))).toEqual(['db-1', 'web-2']);
    expect(store.slicesOf('other', 'web')).toEqual([]);
  });

  it('finds pods by each of their addresses, and several on one node', () => {
    const store = new ObjectStore();
    for (const name of ['a', 'b', 'c']) {
      put(
        store,
        object('Pod', {
          metadata: { namespace: 'shop', name },
          status: { podIPs: [{ ip: '192.0.2.1' }, { ip: 'fd00::1' }] },
        }),
      );
    }
    expect(names(store.podsByAddress('192.0.2.1'))).toEqual(['a', 'b', 'c']);
    store.apply({ kind: 'Pod', namespace: 'shop', name: 'b' });
    expect(names(store.podsByAddress('fd00::1'))).toEqual(['a', 'c']);
    expect(names(store.pods())).toEqual(['a', 'c']);
  });

  it('knows namespaces by name, and tells a change of their labels', () => {
    const store = new ObjectStore();
    const namespace = (labels: object): KubeObject =>
      object('Namespace', { metadata: { name: 'shop', labels } });
    put(store, namespace({ team: 'a' }));
    expect(put(store, namespace({ team: 'a' }))).toBeUndefined();
    expect(put(store, namespace({ team: 'b' }))).toBeDefined();
    expect(put(store, namespace({ tribe: 'b' }))).toBeDefined();
    expect(store.namespace('shop')?.labels).toEqual({ tribe: 'b' });
    expect(names(store.namespaces())).toEqual(['shop']);
  });
});
