import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { EmbeddedApi } from '../../src/embedded/embedded-api.js';
import { type JsonObject, numberAt, textAt } from '../../src/embedded/json.js';
import { parseManifest } from '../../src/embedded/manifest-file.js';
import { type Answer, call, pod, service, startApi } from './api-client.js';

const SERVICES = '/api/v1/namespaces/default/services';

function post(api: EmbeddedApi, body: JsonObject): Promise<Answer> {
  return call(api, 'POST', SERVICES, { body });
}

/** The manifest as it stands in the demo's folder of that section of the Services document. */
function seedManifest(section: string, file = 'service.yaml'): JsonObject {
  const path = new URL(`../../config/demo/${section}/${file}`, import.meta.url);
  const [first] = parseManifest(readFileSync(path, 'utf8'), path.pathname);
  if (first === undefined) throw new Error(`no manifest in ${path.pathname}`);
  return first.object;
}

describe('defaults of a Service', () => {
  it('R-04 R-05 R-50 takes the first manifest of the document and gives a cluster IP', async () => {
    const api = await startApi();
    const { code, body } = await post(api, seedManifest('defining-a-service'));
    expect(code).toBe(201);
    expect(body).toMatchObject({
      metadata: { name: 'my-service', namespace: 'default', resourceVersion: expect.any(String) },
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        ports: [{ protocol: 'TCP', port: 80, targetPort: 9376 }],
      },
      status: { loadBalancer: {} },
    });
    expect(textAt(body, 'spec', 'clusterIP')).toMatch(/^10\.0\.\d+\.\d+$/);
    expect(body).toMatchObject({ spec: { clusterIPs: [textAt(body, 'spec', 'clusterIP')] } });
  });

  it('R-07 targetPort defaults to port', async () => {
    const api = await startApi();
    const { body } = await post(api, service('a', { ports: [{ port: 8443 }] }));
    expect(body).toMatchObject({ spec: { ports: [{ targetPort: 8443, protocol: 'TCP' }] } });
  });

  it('R-43 R-44 keeps clusterIP None and allocates nothing', async () => {
    const api = await startApi();
    const { body } = await post(api, service('a', { clusterIP: 'None', selector: { a: 'b' } }));
    expect(body).toMatchObject({ spec: { clusterIP: 'None', clusterIPs: ['None'] } });
  });

  it('R-27 takes the multi-port manifest of the document', async () => {
    const api = await startApi();
    const { code, body } = await post(api, seedManifest('multi-port-services'));
    expect(code).toBe(201);
    expect(body).toMatchObject({
      spec: {
        ports: [
          { name: 'http', port: 80, targetPort: 9376 },
          { name: 'https', port: 443, targetPort: 9377 },
        ],
      },
    });
  });

  it('R-57 R-58 R-59 keeps externalIPs as they are written', async () => {
    const api = await startApi();
    const { body } = await post(api, seedManifest('external-ips'));
    expect(body).toMatchObject({
      spec: { externalIPs: ['80.11.12.10'], externalTrafficPolicy: 'Cluster', type: 'ClusterIP' },
    });
  });
});

describe('cluster IPs', () => {
  it('R-28 takes a chosen address and refuses it for another Service', async () => {
    const api = await startApi();
    await post(api, service('first', { clusterIP: '10.0.0.11' }));
    const { code, body } = await post(api, service('second', { clusterIP: '10.0.0.11' }));
    expect(code).toBe(422);
    expect(body).toMatchObject({
      reason: 'Invalid',
      message:
        'Service "second" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.11"]: failed to allocate IP 10.0.0.11: provided IP is already allocated',
      details: { causes: [{ field: 'spec.clusterIPs', reason: 'FieldValueInvalid' }] },
    });
  });

  it('R-28 refuses an address outside the range', async () => {
    const api = await startApi();
    const { code, body } = await post(api, service('a', { clusterIP: '192.0.2.1' }));
    expect(code).toBe(422);
    expect(textAt(body, 'message')).toContain(
      'failed to allocate IP 192.0.2.1: the provided network does not match the current range',
    );
  });

  it('takes an IPv6 address in any notation for the same', async () => {
    const api = await startApi();
    await post(api, service('a', { clusterIP: 'fd00:10::aa' }));
    const { code } = await post(api, service('b', { clusterIP: 'fd00:0010:0:0:0:0:0:00aa' }));
    expect(code).toBe(422);
  });

  it('gives an address free again when its Service is deleted', async () => {
    const api = await startApi();
    await post(api, service('a', { clusterIP: '10.0.0.11' }));
    await call(api, 'DELETE', `${SERVICES}/a`);
    expect((await post(api, service('b', { clusterIP: '10.0.0.11' }))).code).toBe(201);
  });

  it('says so with 500 when the range is exhausted', async () => {
    const api = await startApi({ serviceRanges: ['10.0.0.0/28'] });
    const codes: number[] = [];
    for (let index = 0; index < 14; index += 1)
      codes.push((await post(api, service(`s${index}`))).code);
    // 14 usable addresses, of which the two system Services have one each
    expect(codes).toEqual([...Array<number>(12).fill(201), 500, 500]);
  });

  it('does not move: clusterIP may not change once set', async () => {
    const api = await startApi();
    await post(api, service('a'));
    const { code, body } = await call(api, 'PATCH', `${SERVICES}/a`, {
      body: { spec: { clusterIP: '10.0.0.77' } },
      contentType: 'application/merge-patch+json',
    });
    expect(code).toBe(422);
    expect(textAt(body, 'message')).toContain('spec.clusterIPs[0]');
    expect(textAt(body, 'message')).toContain('may not change once set');
  });

  it('stays when an update leaves it out', async () => {
    const api = await startApi();
    const { body: before } = await post(api, service('a'));
    const { body } = await call(api, 'PUT', `${SERVICES}/a`, {
      body: service('a', { ports: [{ port: 81 }] }),
    });
    expect(textAt(body, 'spec', 'clusterIP')).toBe(textAt(before, 'spec', 'clusterIP'));
    expect(body).toMatchObject({ spec: { ports: [{ port: 81 }] } });
  });
});

describe('dual stack', () => {
  it.each([
    [{ ipFamilyPolicy: 'PreferDualStack' }, ['IPv4', 'IPv6']],
    [{ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] }, ['IPv6', 'IPv4']],
    [{ ipFamilies: ['IPv6'] }, ['IPv6']],
    [{ clusterIP: 'fd00:10::99' }, ['IPv6']],
  ])('%j gives families %j and an address of each', async (spec: JsonObject, families) => {
    const api = await startApi();
    const { code, body } = await post(api, service('a', spec));
    expect(code).toBe(201);
    expect(body).toMatchObject({ spec: { ipFamilies: families } });
    const list = body['spec'];
    const addresses =
      typeof list === 'object' && list !== null && !Array.isArray(list) ? list['clusterIPs'] : [];
    expect(addresses).toEqual(
      families.map((family) =>
        expect.stringMatching(family === 'IPv4' ? /^10\.0\./ : /^fd00:10::/),
      ),
    );
  });

  it('a headless Service without selector is of both families', async () => {
    const api = await startApi();
    const { body } = await post(api, service('a', { clusterIP: 'None' }));
    expect(body).toMatchObject({
      spec: { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' },
    });
  });

  it('RequireDualStack is refused on a cluster of one family, PreferDualStack is not', async () => {
    const api = await startApi({ serviceRanges: ['10.0.0.0/16'] });
    const required = await post(api, service('a', { ipFamilyPolicy: 'RequireDualStack' }));
    expect(required.code).toBe(422);
    expect(textAt(required.body, 'message')).toContain(
      'this cluster is not configured for dual-stack services',
    );
    const preferred = await post(api, service('b', { ipFamilyPolicy: 'PreferDualStack' }));
    expect(preferred.body).toMatchObject({ spec: { ipFamilies: ['IPv4'] } });
  });

  it('a second address comes and goes with the policy', async () => {
    const api = await startApi();
    await post(api, service('a'));
    const patch = (ipFamilyPolicy: string): Promise<Answer> =>
      call(api, 'PATCH', `${SERVICES}/a`, {
        body: { spec: { ipFamilyPolicy } },
        contentType: 'application/merge-patch+json',
      });
    expect((await patch('RequireDualStack')).body).toMatchObject({
      spec: { ipFamilies: ['IPv4', 'IPv6'], clusterIPs: [expect.any(String), expect.any(String)] },
    });
    expect((await patch('SingleStack')).body).toMatchObject({
      spec: { ipFamilies: ['IPv4'], clusterIPs: [expect.any(String)] },
    });
  });
});

describe('node ports', () => {
  it('R-51 R-53 gives a port from 30000 to 32767 and keeps the cluster IP', async () => {
    const api = await startApi();
    const { body } = await post(api, service('a', { type: 'NodePort' }));
    const port = numberAt(body, 'spec', 'ports', 0, 'nodePort');
    expect(port).toBeGreaterThanOrEqual(30_000);
    expect(port).toBeLessThanOrEqual(32_767);
    expect(textAt(body, 'spec', 'clusterIP')).toMatch(/^10\.0\./);
  });

  it.each([
    [20_000, 'provided port is not in the valid range. The range of valid ports is 30000-32767'],
    [30_061, 'provided port is already allocated'],
  ])('R-53 refuses %i: %s', async (nodePort, why) => {
    const api = await startApi();
    await post(
      api,
      service('taken', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_061 }] }),
    );
    const { code, body } = await post(
      api,
      service('a', { type: 'NodePort', ports: [{ port: 80, nodePort }] }),
    );
    expect(code).toBe(422);
    expect(textAt(body, 'message')).toBe(
      `Service "a" is invalid: spec.ports[0].nodePort: Invalid value: ${nodePort}: ${why}`,
    );
  });

  it('R-53 says so with 500 when the range is exhausted', async () => {
    const api = await startApi({ nodePorts: [30_000, 30_001] });
    const ports = [80, 81].map((port) => ({ name: `p${port}`, port }));
    expect((await post(api, service('a', { type: 'NodePort', ports }))).code).toBe(201);
    const { code, body } = await post(api, service('b', { type: 'NodePort' }));
    expect(code).toBe(500);
    expect(textAt(body, 'message')).toContain('failed to allocate a nodePort: range is full');
  });

  it('gives UDP and TCP of one port the same node port', async () => {
    const api = await startApi();
    const ports = ['TCP', 'UDP'].map((protocol) => ({
      name: protocol.toLowerCase(),
      port: 53,
      protocol,
    }));
    const { body } = await post(api, service('a', { type: 'NodePort', ports }));
    expect(numberAt(body, 'spec', 'ports', 0, 'nodePort')).toBe(
      numberAt(body, 'spec', 'ports', 1, 'nodePort'),
    );
  });

  it('goes when the type becomes ClusterIP', async () => {
    const api = await startApi();
    await post(api, service('a', { type: 'NodePort' }));
    const { code, body } = await call(api, 'PATCH', `${SERVICES}/a`, {
      body: { spec: { type: 'ClusterIP' } },
      contentType: 'application/merge-patch+json',
    });
    expect(code).toBe(200);
    expect(numberAt(body, 'spec', 'ports', 0, 'nodePort')).toBe(0);
    expect(textAt(body, 'spec', 'externalTrafficPolicy')).toBe('');
  });
});

describe('load balancers', () => {
  it('R-52 R-56 takes the manifest of the document as it is, status and all', async () => {
    const api = await startApi();
    const { code } = await post(api, seedManifest('type-loadbalancer'));
    expect(code).toBe(201);
    const { body } = await call(api, 'GET', `${SERVICES}/my-service`);
    expect(body).toMatchObject({
      spec: {
        clusterIP: '10.0.171.239',
        loadBalancerIP: '78.11.24.19',
        ports: [{ nodePort: 30_061, targetPort: 9376 }],
      },
      status: { loadBalancer: { ingress: [{ ip: '146.148.47.155', ipMode: 'VIP' }] } },
    });
  });

  it('R-55 provisions an address that is not the one asked for', async () => {
    const api = await startApi();
    await post(api, service('a', { type: 'LoadBalancer', loadBalancerIP: '78.11.24.19' }));
    const { body } = await call(api, 'GET', `${SERVICES}/a`);
    expect(body).toMatchObject({
      status: { loadBalancer: { ingress: [{ ip: expect.stringMatching(/^203\.0\.113\./) }] } },
    });
  });

  it('loses the address when the type changes', async () => {
    const api = await startApi();
    await post(api, service('a', { type: 'LoadBalancer' }));
    const { body } = await call(api, 'PATCH', `${SERVICES}/a`, {
      body: { spec: { type: 'ClusterIP' } },
      contentType: 'application/merge-patch+json',
    });
    expect(body).toMatchObject({ status: { loadBalancer: {} } });
  });
});

describe('refusals of a Service', () => {
  it.each<[string, JsonObject, string]>([
    [
      'R-26 several ports without names',
      { ports: [{ port: 80 }, { port: 81 }] },
      'spec.ports[0].name: Required value, spec.ports[1].name: Required value',
    ],
    [
      'a port name twice',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'a', port: 81 },
        ],
      },
      'spec.ports[1].name: Duplicate value: "a"',
    ],
    [
      'a port twice',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80 },
        ],
      },
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,',
    ],
    [
      'a port name that is no label',
      { ports: [{ name: 'A_b', port: 80 }] },
      'spec.ports[0].name: Invalid value: "A_b": a lowercase RFC 1123 label must consist of',
    ],
    ['no ports', { ports: [] }, 'spec.ports: Required value'],
    [
      'port 0',
      { ports: [{ port: 0 }] },
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [
      'a protocol that is none',
      { ports: [{ port: 80, protocol: 'ICMP' }] },
      'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      'R-49 a type that is none',
      { type: 'Magic' },
      'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
    [
      'an ExternalName without a name',
      { type: 'ExternalName', ports: [] },
      'spec.externalName: Required value',
    ],
    [
      'an ExternalName that is no name',
      { type: 'ExternalName', externalName: '-x' },
      'spec.externalName: Invalid value: "-x": a lowercase RFC 1123 subdomain',
    ],
    [
      'an ExternalName with a cluster IP',
      { type: 'ExternalName', externalName: 'example.org', clusterIP: '10.0.0.9' },
      'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
    ],
    [
      'a node port on a ClusterIP',
      { ports: [{ port: 80, nodePort: 30_000 }] },
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
    [
      'a headless NodePort',
      { type: 'NodePort', clusterIP: 'None' },
      'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services',
    ],
    [
      'an external IP on loopback',
      { externalIPs: ['127.0.0.1'] },
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    [
      'a cluster IP that is no address',
      { clusterIP: '10.0.0' },
      'spec.clusterIPs[0]: Invalid value: "10.0.0": must be a valid IP address',
    ],
    [
      'a named targetPort that is too long',
      { ports: [{ port: 80, targetPort: 'a-very-long-port-name' }] },
      'spec.ports[0].targetPort: Invalid value: "a-very-long-port-name": must be no more than 15 characters',
    ],
  ])('%s', async (_case, spec, message) => {
    const api = await startApi();
    const { code, body } = await post(api, service('a', spec));
    expect(code).toBe(422);
    expect(body).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Invalid' });
    expect(textAt(body, 'message')).toContain(message);
    expect(api.get('Service', 'default', 'a')).toBeUndefined();
  });

  it.each([
    ['9to5', 'a DNS-1035 label must consist of'],
    ['a.b', 'a DNS-1035 label must consist of'],
    ['a'.repeat(64), 'must be no more than 63 characters'],
  ])('the name %s', async (name, message) => {
    const api = await startApi();
    const { code, body } = await post(api, service(name));
    expect(code).toBe(422);
    expect(textAt(body, 'message')).toContain(
      `metadata.name: Invalid value: "${name}": ${message}`,
    );
  });

  it('a namespace that is not there, with 404', async () => {
    const api = await startApi();
    const answer = await call(api, 'POST', '/api/v1/namespaces/nowhere/services', {
      body: service('a'),
    });
    expect(answer).toMatchObject({
      code: 404,
      body: { reason: 'NotFound', message: 'namespaces "nowhere" not found' },
    });
  });

  it('a refused Service leaves its address and node port free', async () => {
    const api = await startApi();
    const bad = {
      type: 'NodePort',
      clusterIP: '10.0.0.9',
      ports: [{ port: 80, nodePort: 30_009 }, { port: 81 }],
    };
    expect((await post(api, service('a', bad))).code).toBe(422);
    const good = {
      type: 'NodePort',
      clusterIP: '10.0.0.9',
      ports: [{ port: 80, nodePort: 30_009 }],
    };
    expect((await post(api, service('b', good))).code).toBe(201);
  });
});

describe('a Service without selector', () => {
  it('R-11 R-15 R-16 is valid, has a cluster IP and gets no Endpoints', async () => {
    const api = await startApi();
    api.apply(pod('p', { app: 'MyApp' }));
    const { code, body } = await post(api, seedManifest('services-without-selectors'));
    expect(code).toBe(201);
    expect(textAt(body, 'spec', 'clusterIP')).toMatch(/^10\.0\./);
    expect(api.get('Endpoints', 'default', 'my-service')).toBeUndefined();
  });

  it('R-17 takes the Endpoints of the document and mirrors them into a slice', async () => {
    const api = await startApi();
    await post(api, seedManifest('services-without-selectors'));
    const { code } = await call(api, 'POST', '/api/v1/namespaces/default/endpoints', {
      body: seedManifest('services-without-selectors', 'endpoints.yaml'),
    });
    expect(code).toBe(201);
    const slices = api
      .list('EndpointSlice', 'default')
      .filter(
        (slice) =>
          textAt(slice, 'metadata', 'labels', 'kubernetes.io/service-name') === 'my-service',
      );
    expect(slices).toMatchObject([
      {
        metadata: {
          labels: {
            'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
          },
        },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['1.2.3.4'], conditions: { ready: true } }],
        ports: [{ name: '', port: 9376, protocol: 'TCP' }],
      },
    ]);
  });
});
