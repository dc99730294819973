import { describe, expect, it } from 'vitest';
import { applyJsonPatch } from '../../src/embedded/json-patch.js';
import { applyMergePatch } from '../../src/embedded/merge-patch.js';
import { applyStrategicMergePatch } from '../../src/embedded/strategic-merge-patch.js';

describe('JSON merge patch (RFC 7396)', () => {
  it('merges objects, replaces lists, removes by null and leaves the target as it was', () => {
    const target = { a: { b: 1, c: 2 }, list: [1, 2], gone: 1 };
    const patched = applyMergePatch(target, { a: { c: null, d: 3 }, list: [3], gone: null });
    expect(patched).toEqual({ a: { b: 1, d: 3 }, list: [3] });
    expect(target).toEqual({ a: { b: 1, c: 2 }, list: [1, 2], gone: 1 });
  });
});

describe('JSON patch (RFC 6902)', () => {
  it('adds, replaces, moves, copies and removes', () => {
    const patched = applyJsonPatch({ a: { 'b/c': 1 }, list: [1, 3] }, [
      { op: 'test', path: '/a/b~1c', value: 1 },
      { op: 'add', path: '/list/1', value: 2 },
      { op: 'add', path: '/list/-', value: 4 },
      { op: 'replace', path: '/a/b~1c', value: 5 },
      { op: 'copy', from: '/a', path: '/copy' },
      { op: 'move', from: '/a/b~1c', path: '/moved' },
      { op: 'remove', path: '/list/0' },
    ]);
    expect(patched).toEqual({ a: {}, copy: { 'b/c': 5 }, moved: 5, list: [2, 3, 4] });
  });

  it('refuses a path that is not there and a test that fails', () => {
    expect(() => applyJsonPatch({}, [{ op: 'remove', path: '/x/y' }])).toThrow(/missing path/);
    expect(() => applyJsonPatch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }])).toThrow(
      /failed/,
    );
  });
});

describe('strategic merge patch', () => {
  const service = {
    spec: {
      ports: [
        { name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
      externalIPs: ['192.0.2.1'],
    },
  };

  it('merges the ports of a Service by their number', () => {
    const patch = { spec: { ports: [{ port: 80, targetPort: 9090 }] } };
    expect(applyStrategicMergePatch(service, patch, 'Service')).toMatchObject({
      spec: { ports: [{ name: 'http', port: 80, targetPort: 9090 }, { name: 'dns' }] },
    });
  });

  it('takes two protocols on one number for two ports', () => {
    const patch = { spec: { ports: [{ name: 'dns-tcp', port: 53, protocol: 'TCP' }] } };
    const patched = applyStrategicMergePatch(service, patch, 'Service');
    expect(patched).toMatchObject({ spec: { ports: [{}, { name: 'dns' }, { name: 'dns-tcp' }] } });
  });

  it('deletes an entry by $patch and orders by $setElementOrder', () => {
    const patch = {
      spec: {
        '$setElementOrder/ports': [{ port: 443 }, { port: 53 }],
        ports: [
          { port: 443, name: 'https' },
          { port: 80, $patch: 'delete' },
        ],
      },
    };
    expect(applyStrategicMergePatch(service, patch, 'Service')).toMatchObject({
      spec: { ports: [{ name: 'https' }, { name: 'dns' }] },
    });
  });

  it('replaces lists of plain values and lists without a merge key', () => {
    const patch = { spec: { externalIPs: ['192.0.2.2'] } };
    expect(applyStrategicMergePatch(service, patch, 'Service')).toMatchObject({
      spec: { externalIPs: ['192.0.2.2'] },
    });
    const slice = { ports: [{ port: 1 }, { port: 2 }] };
    expect(applyStrategicMergePatch(slice, { ports: [{ port: 3 }] }, 'EndpointSlice')).toEqual({
      ports: [{ port: 3 }],
    });
  });

  it('merges the containers of a template by name and their ports by containerPort', () => {
    const containers = [{ name: 'a', image: '1', ports: [{ containerPort: 80, name: 'http' }] }];
    const deployment = { spec: { template: { spec: { containers } } } };
    const change = [{ name: 'a', image: '2', ports: [{ containerPort: 81 }] }];
    const patch = { spec: { template: { spec: { containers: change } } } };
    expect(applyStrategicMergePatch(deployment, patch, 'Deployment')).toEqual({
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: 'a',
                image: '2',
                ports: [{ containerPort: 80, name: 'http' }, { containerPort: 81 }],
              },
            ],
          },
        },
      },
    });
  });

  it('keeps only the named fields by $retainKeys', () => {
    const target = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: {} } } };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    expect(applyStrategicMergePatch(target, patch, 'Deployment')).toEqual({
      spec: { strategy: { type: 'Recreate' } },
    });
  });

  it('adds to finalizers and takes from them', () => {
    const target = { metadata: { finalizers: ['a', 'b'] } };
    const patch = {
      metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] },
    };
    expect(applyStrategicMergePatch(target, patch, 'Pod')).toEqual({
      metadata: { finalizers: ['b', 'c'] },
    });
  });
});
