import { describe, expect, it } from 'vitest';
import { type CutObject, cutObject } from '../../src/kube/cut-object.js';
import { Interner } from '../../src/kube/interner.js';

const READY = [{ type: 'Ready', status: 'True' }];

function cut(
  status: unknown,
  metadata: unknown = { name: 'node-1', resourceVersion: '7' },
): CutObject {
  return cutObject('Node', { metadata, status }, new Interner());
}

describe('a Node', () => {
  it('is reached at its external addresses, and at the internal ones where it has no other', () => {
    const internal = { type: 'InternalIP', address: '10.0.0.1' };
    const external = { type: 'ExternalIP', address: '2001:DB8::1' };
    const hostname = { type: 'Hostname', address: 'node-1' };
    expect(cut({ addresses: [internal, external, hostname], conditions: READY }).object).toEqual({
      kind: 'Node',
      namespace: '',
      name: 'node-1',
      resourceVersion: '7',
      addresses: ['2001:db8::1'],
      ready: true,
    });
    expect(cut({ addresses: [hostname, internal] }).object).toMatchObject({
      addresses: ['10.0.0.1'],
    });
  });

  it('is ready only when its condition says so', () => {
    const states = ['False', 'Unknown', true].map((status) => [{ type: 'Ready', status }]);
    for (const conditions of [...states, [{ type: 'DiskPressure', status: 'True' }], undefined]) {
      expect(cut({ conditions }).object).toMatchObject({ ready: false });
    }
  });

  it('stands in no namespace, and what is no address of it is left out', () => {
    expect(cut({}, { name: 'node-1', namespace: 'prod' }).object).toBeUndefined();
    const odd = cut({ addresses: [{ type: 'InternalIP', address: 'localhost' }, 7, null] });
    expect(odd.object).toMatchObject({ addresses: [] });
    expect(odd.dropped).toEqual(['status.addresses holds something that is no IP address']);
  });
});
