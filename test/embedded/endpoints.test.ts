import { describe, expect, it } from 'vitest';
import type { EmbeddedApi } from '../../src/embedded/embedded-api.js';
import { type JsonObject, objectsAt, textAt, textsAt } from '../../src/embedded/json.js';
import { call, pod, service, startApi } from './api-client.js';

const LABELS = { app: 'MyApp' };

function slicesOf(api: EmbeddedApi, name: string): JsonObject[] {
  return api
    .list('EndpointSlice', 'default')
    .filter((slice) => textAt(slice, 'metadata', 'labels', 'kubernetes.io/service-name') === name);
}

function addressesOf(slices: readonly JsonObject[]): string[] {
  return slices
    .flatMap((slice) => objectsAt(slice, 'endpoints'))
    .flatMap((endpoint) => textsAt(endpoint, 'addresses'));
}

function podIP(api: EmbeddedApi, name: string): string {
  return textAt(api.get('Pod', 'default', name), 'status', 'podIP');
}

describe('endpoints of a selector', () => {
  it('R-01 R-02 R-05 hold every pod with the label, at the target port', async () => {
    const api = await startApi();
    api.apply(service('my-service', { selector: LABELS, ports: [{ port: 80, targetPort: 9376 }] }));
    api.apply(pod('a', LABELS));
    api.apply(pod('b', LABELS));
    api.apply(pod('other', { app: 'Other' }));
    const ips = [podIP(api, 'a'), podIP(api, 'b')];
    expect(api.get('Endpoints', 'default', 'my-service')).toMatchObject({
      subsets: [
        {
          addresses: ips.map((ip) => ({
            ip,
            targetRef: { kind: 'Pod' },
            nodeName: expect.any(String),
          })),
          ports: [{ port: 9376, protocol: 'TCP' }],
        },
      ],
    });
    expect(slicesOf(api, 'my-service')).toMatchObject([
      {
        addressType: 'IPv4',
        metadata: {
          generateName: 'my-service-',
          labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
          annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': expect.any(String) },
          ownerReferences: [{ kind: 'Service', name: 'my-service' }],
        },
        ports: [{ name: '', port: 9376, protocol: 'TCP' }],
        endpoints: ips.map((ip) => ({
          addresses: [ip],
          conditions: { ready: true, serving: true, terminating: false },
          zone: expect.stringMatching(/^demo-zone-/),
          targetRef: { kind: 'Pod' },
        })),
      },
    ]);
  });

  it('R-03 follow the pods while the Service stays as it is', async () => {
    const api = await startApi();
    const before = api.apply(service('a', { selector: LABELS }));
    for (let turn = 0; turn < 5; turn += 1) {
      api.apply(pod(`p${turn}`, LABELS));
      if (turn > 0) api.delete('Pod', 'default', `p${turn - 1}`);
      expect(addressesOf(slicesOf(api, 'a'))).toEqual([podIP(api, `p${turn}`)]);
    }
    expect(api.get('Service', 'default', 'a')).toEqual(before);
  });

  it('R-08 resolve the name of a pod port', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS, ports: [{ port: 80, targetPort: 'web' }] }));
    api.apply(pod('p', LABELS, { ports: [{ name: 'web', containerPort: 8080 }] }));
    expect(slicesOf(api, 'a')).toMatchObject([{ ports: [{ port: 8080 }] }]);
  });

  it('R-09 make a slice and a subset for each number behind the name', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS, ports: [{ port: 80, targetPort: 'web' }] }));
    api.apply(pod('old', LABELS, { ports: [{ name: 'web', containerPort: 8080 }] }));
    api.apply(pod('new', LABELS, { ports: [{ name: 'web', containerPort: 9090 }] }));
    const numbers = slicesOf(api, 'a').map((slice) => objectsAt(slice, 'ports')[0]?.['port']);
    expect(numbers.toSorted()).toEqual([8080, 9090]);
    expect(objectsAt(api.get('Endpoints', 'default', 'a'), 'subsets')).toHaveLength(2);
  });

  it('R-10 change when a pod of a later version has another port', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS, ports: [{ port: 80, targetPort: 'web' }] }));
    api.apply(pod('p', LABELS, { ports: [{ name: 'web', containerPort: 8080 }] }));
    api.delete('Pod', 'default', 'p');
    api.apply(pod('p', LABELS, { ports: [{ name: 'web', containerPort: 9090 }] }));
    expect(slicesOf(api, 'a')).toMatchObject([{ ports: [{ port: 9090 }] }]);
  });

  it('leave out a port that the pod does not have, not the pod', async () => {
    const api = await startApi();
    const ports = [
      { name: 'a', port: 80, targetPort: 'missing' },
      { name: 'b', port: 81, targetPort: 8081 },
    ];
    api.apply(service('a', { selector: LABELS, ports }));
    api.apply(pod('p', LABELS));
    expect(slicesOf(api, 'a')).toMatchObject([{ ports: [{ name: 'b', port: 8081 }] }]);
  });

  it('a Service without pods has an empty slice and an empty Endpoints', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS }));
    expect(slicesOf(api, 'a')).toMatchObject([{ endpoints: null, ports: null }]);
    expect(objectsAt(api.get('Endpoints', 'default', 'a'), 'subsets')).toEqual([]);
    expect(api.get('Endpoints', 'default', 'a')).toBeDefined();
  });

  it('R-47 are made for a headless Service too', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS, clusterIP: 'None' }));
    api.apply(pod('p', LABELS));
    expect(addressesOf(slicesOf(api, 'a'))).toEqual([podIP(api, 'p')]);
    const label = { 'service.kubernetes.io/headless': '' };
    expect(slicesOf(api, 'a')).toMatchObject([{ metadata: { labels: label } }]);
    expect(api.get('Endpoints', 'default', 'a')).toMatchObject({ metadata: { labels: label } });
  });

  it('go with their Service', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS }));
    api.delete('Service', 'default', 'a');
    expect(slicesOf(api, 'a')).toEqual([]);
    expect(api.get('Endpoints', 'default', 'a')).toBeUndefined();
  });

  it('come back when somebody deletes them', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS }));
    api.apply(pod('p', LABELS));
    const name = textAt(slicesOf(api, 'a')[0], 'metadata', 'name');
    api.delete('EndpointSlice', 'default', name);
    api.delete('Endpoints', 'default', 'a');
    expect(addressesOf(slicesOf(api, 'a'))).toEqual([podIP(api, 'p')]);
    expect(api.get('Endpoints', 'default', 'a')).toMatchObject({ subsets: [{}] });
  });

  it('are kept to a hundred a slice, and few of them move when pods go', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS }));
    const name = (index: number): string => `p${String(index).padStart(3, '0')}`;
    for (let index = 0; index < 250; index += 1) api.apply(pod(name(index), LABELS));
    const sizes = (): number[] =>
      slicesOf(api, 'a').map((slice) => objectsAt(slice, 'endpoints').length);
    expect(sizes().toSorted()).toEqual([100, 100, 50]);
    const versions = new Map(
      slicesOf(api, 'a').map((slice) => [textAt(slice, 'metadata', 'name'), slice]),
    );
    api.delete('Pod', 'default', name(0));
    const changed = slicesOf(api, 'a').filter(
      (slice) => versions.get(textAt(slice, 'metadata', 'name')) !== slice,
    );
    expect(changed).toHaveLength(1);
    expect(new Set(addressesOf(slicesOf(api, 'a'))).size).toBe(249);
  });
});

describe('readiness', () => {
  it('a pod that is not ready is not ready in the slice and stands among the unready addresses', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS }));
    api.apply(pod('p', LABELS, { annotations: { 'svcdns.io/ready': 'false' } }));
    expect(slicesOf(api, 'a')).toMatchObject([
      { endpoints: [{ conditions: { ready: false, serving: false, terminating: false } }] },
    ]);
    expect(api.get('Endpoints', 'default', 'a')).toMatchObject({
      subsets: [{ notReadyAddresses: [{ ip: podIP(api, 'p') }] }],
    });
    await call(api, 'PATCH', '/api/v1/namespaces/default/pods/p', {
      body: { metadata: { annotations: { 'svcdns.io/ready': 'true' } } },
      contentType: 'application/merge-patch+json',
    });
    expect(slicesOf(api, 'a')).toMatchObject([{ endpoints: [{ conditions: { ready: true } }] }]);
  });

  it('publishNotReadyAddresses makes it ready in the slice, not serving', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS, publishNotReadyAddresses: true }));
    api.apply(pod('p', LABELS, { annotations: { 'svcdns.io/ready': 'false' } }));
    expect(slicesOf(api, 'a')).toMatchObject([
      { endpoints: [{ conditions: { ready: true, serving: false } }] },
    ]);
    expect(api.get('Endpoints', 'default', 'a')).toMatchObject({ subsets: [{ addresses: [{}] }] });
  });

  it('a terminating pod serves on in the slice and leaves the Endpoints', async () => {
    const api = await startApi({ terminationMs: 60_000 });
    api.apply(service('a', { selector: LABELS }));
    api.apply(pod('p', LABELS));
    const { body } = await call(api, 'DELETE', '/api/v1/namespaces/default/pods/p');
    expect(textAt(body, 'metadata', 'deletionTimestamp')).not.toBe('');
    expect(slicesOf(api, 'a')).toMatchObject([
      { endpoints: [{ conditions: { ready: false, serving: true, terminating: true } }] },
    ]);
    expect(objectsAt(api.get('Endpoints', 'default', 'a'), 'subsets')).toEqual([]);
  });
});

describe('names of pods', () => {
  it('the hostname is in the slice only where the subdomain is the Service', async () => {
    const api = await startApi();
    for (const name of ['db', 'other'])
      api.apply(service(name, { selector: LABELS, clusterIP: 'None' }));
    api.apply(pod('p', LABELS, { spec: { hostname: 'first', subdomain: 'db' } }));
    const hostname = (name: string): string =>
      textAt(objectsAt(slicesOf(api, name)[0], 'endpoints')[0], 'hostname');
    expect(hostname('db')).toBe('first');
    expect(hostname('other')).toBe('');
  });
});

describe('dual stack', () => {
  it('makes slices of each family of the Service with the addresses of that family', async () => {
    const api = await startApi();
    api.apply(service('a', { selector: LABELS, ipFamilyPolicy: 'RequireDualStack' }));
    api.apply(pod('p', LABELS));
    const types = slicesOf(api, 'a').map((slice) => textAt(slice, 'addressType'));
    expect(types.toSorted()).toEqual(['IPv4', 'IPv6']);
    const addresses = addressesOf(slicesOf(api, 'a')).toSorted();
    expect(addresses).toEqual([
      expect.stringMatching(/^10\.244\./),
      expect.stringMatching(/^fd00:10:244:/),
    ]);
  });
});

describe('Endpoints written by hand', () => {
  const endpoints = (subsets: JsonObject[], labels: JsonObject = {}): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'a', labels },
    subsets,
  });

  it('R-12 R-14 R-18 are mirrored with readiness, hostname and both families, and follow changes', async () => {
    const api = await startApi();
    api.apply(service('a'));
    api.apply(
      endpoints([
        {
          addresses: [{ ip: '192.0.2.1', hostname: 'one' }, { ip: '2001:db8::1' }],
          notReadyAddresses: [{ ip: '192.0.2.2' }],
          ports: [{ name: 'pg', port: 5432 }],
        },
      ]),
    );
    const four = slicesOf(api, 'a').filter((slice) => textAt(slice, 'addressType') === 'IPv4');
    expect(four).toMatchObject([
      {
        ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }],
        endpoints: [
          { addresses: ['192.0.2.1'], hostname: 'one', conditions: { ready: true } },
          { addresses: ['192.0.2.2'], conditions: { ready: false } },
        ],
      },
    ]);
    expect(addressesOf(slicesOf(api, 'a'))).toContain('2001:db8::1');
    api.apply(endpoints([{ addresses: [{ ip: '192.0.2.3' }], ports: [{ port: 1 }] }]));
    expect(addressesOf(slicesOf(api, 'a'))).toEqual(['192.0.2.3']);
    api.delete('Endpoints', 'default', 'a');
    expect(slicesOf(api, 'a')).toEqual([]);
  });

  it('are mirrored whichever of Service and Endpoints comes first', async () => {
    const api = await startApi();
    api.apply(endpoints([{ addresses: [{ ip: '192.0.2.1' }] }]));
    expect(slicesOf(api, 'a')).toEqual([]);
    api.apply(service('a'));
    expect(addressesOf(slicesOf(api, 'a'))).toEqual(['192.0.2.1']);
  });

  it('are not mirrored when a label says so', async () => {
    const api = await startApi();
    api.apply(service('a'));
    const skip = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    api.apply(endpoints([{ addresses: [{ ip: '192.0.2.1' }] }], skip));
    expect(slicesOf(api, 'a')).toEqual([]);
  });

  it('are refused on loopback and without addresses', async () => {
    const api = await startApi();
    expect(() => api.apply(endpoints([{ addresses: [{ ip: '127.0.0.1' }] }]))).toThrow(
      /may not be in the loopback range/,
    );
    expect(() => api.apply(endpoints([{ ports: [{ port: 1 }] }]))).toThrow(
      /subsets\[0\]: Required value: must specify `addresses` or `notReadyAddresses`/,
    );
  });
});
