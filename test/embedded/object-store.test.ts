import { describe, expect, it } from 'vitest';
import { nameOf } from '../../src/embedded/object-identity.js';
import { ObjectStore } from '../../src/embedded/object-store.js';
import { resourceOf } from '../../src/embedded/resource-type.js';

const SERVICE = resourceOf('Service');
const POD = resourceOf('Pod');

function put(store: ObjectStore, name: string, label = ''): number {
  store.put(SERVICE, { metadata: { namespace: 'a', name, labels: { label } } });
  return store.resourceVersion;
}

describe('ObjectStore', () => {
  it('counts one resourceVersion over all kinds', () => {
    const store = new ObjectStore(10);
    const first = put(store, 'x');
    store.put(POD, { metadata: { namespace: 'a', name: 'p' } });
    expect(put(store, 'y')).toBe(first + 2);
  });

  it('lists in the order of namespace and name whatever the order of writing', () => {
    const store = new ObjectStore(10);
    for (const name of ['c', 'a', 'b']) put(store, name);
    expect(store.list(SERVICE).map(nameOf)).toEqual(['a', 'b', 'c']);
  });

  it('gives the state at an older resourceVersion back', () => {
    const store = new ObjectStore(10);
    put(store, 'kept');
    const then = put(store, 'removed');
    put(store, 'kept', 'changed');
    put(store, 'added');
    store.remove(SERVICE, 'a', 'removed');
    const state = store.listAt(SERVICE, then) ?? [];
    expect(state.map(nameOf)).toEqual(['kept', 'removed']);
    expect(state[0]).toMatchObject({ metadata: { labels: { label: '' } } });
  });

  it('forgets the oldest changes when the history is full', () => {
    const store = new ObjectStore(4);
    const first = put(store, 'x');
    for (let turn = 0; turn < 20; turn += 1) put(store, 'x', String(turn));
    expect(store.eventsSince(SERVICE, first)).toBeUndefined();
    expect(store.eventsSince(SERVICE, store.resourceVersion - 2)).toHaveLength(2);
  });

  it('knows no version from before expireHistory, of any kind', () => {
    const store = new ObjectStore(10);
    const version = put(store, 'x');
    store.expireHistory();
    expect(store.eventsSince(SERVICE, version)).toBeUndefined();
    expect(store.eventsSince(POD, version)).toBeUndefined();
    expect(store.eventsSince(SERVICE, store.resourceVersion)).toEqual([]);
  });

  it('freezes what it holds', () => {
    const store = new ObjectStore(10);
    const object = store.put(SERVICE, { metadata: { namespace: 'a', name: 'x' }, spec: {} });
    expect(() => {
      object['spec'] = null;
    }).toThrow(TypeError);
  });
});
