import { describe, expect, it } from 'vitest';
import { type JsonObject, textAt } from '../../src/embedded/json.js';
import { call, itemsOf, service, startApi, watch } from './api-client.js';

const SERVICES = '/api/v1/namespaces/default/services';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

describe('discovery', () => {
  it('lists the groups, their resources and a version', async () => {
    const api = await startApi();
    expect((await call(api, 'GET', '/api')).body).toMatchObject({ versions: ['v1'] });
    const { body } = await call(api, 'GET', '/apis');
    expect(body).toMatchObject({
      kind: 'APIGroupList',
      groups: [{ name: 'apps' }, { name: 'coordination.k8s.io' }, { name: 'discovery.k8s.io' }],
    });
    const slices = await call(api, 'GET', '/apis/discovery.k8s.io/v1');
    expect(slices.body).toMatchObject({
      groupVersion: 'discovery.k8s.io/v1',
      resources: [
        { name: 'endpointslices', namespaced: true, verbs: expect.arrayContaining(['watch']) },
      ],
    });
    expect((await call(api, 'GET', '/version')).body).toMatchObject({ major: '1' });
    expect(await call(api, 'GET', '/apis/nowhere.example.org/v1')).toMatchObject({ code: 404 });
  });

  it('gives everything at once to a client that asks for it', async () => {
    const api = await startApi();
    const accept =
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const { body, headers } = await call(api, 'GET', '/apis', { accept });
    expect(headers.get('content-type')).toContain('as=APIGroupDiscoveryList');
    expect(body).toMatchObject({
      items: [
        {
          metadata: { name: 'apps' },
          versions: [
            {
              resources: expect.arrayContaining([
                expect.objectContaining({ resource: 'deployments' }),
              ]),
            },
          ],
        },
        {},
        {},
      ],
    });
  });

  it('answers both forms of OpenAPI', async () => {
    const api = await startApi();
    const { body } = await call(api, 'GET', '/openapi/v3');
    const url = textAt(body, 'paths', 'api/v1', 'serverRelativeURL');
    expect((await call(api, 'GET', url)).body).toMatchObject({ openapi: '3.0.0' });
    const v2 = await fetch(`${api.url}/openapi/v2`, {
      headers: { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' },
    });
    expect(
      Buffer.from(await v2.arrayBuffer())
        .subarray(2)
        .toString(),
    ).toBe('2.0');
  });
});

describe('objects', () => {
  it('are created, read, replaced and deleted', async () => {
    const api = await startApi();
    const created = await call(api, 'POST', SERVICES, { body: service('a') });
    expect(created.code).toBe(201);
    const again = await call(api, 'POST', SERVICES, { body: service('a') });
    expect(again).toMatchObject({
      code: 409,
      body: { reason: 'AlreadyExists', message: 'services "a" already exists' },
    });
    const replaced = await call(api, 'PUT', `${SERVICES}/a`, { body: created.body });
    expect(replaced).toMatchObject({ code: 200, body: created.body });
    const deleted = await call(api, 'DELETE', `${SERVICES}/a`);
    expect(deleted).toMatchObject({
      code: 200,
      body: { kind: 'Service', metadata: { name: 'a' } },
    });
    const config = { metadata: { name: 'c' } };
    const configs = '/api/v1/namespaces/default/configmaps';
    await call(api, 'POST', configs, { body: config });
    expect((await call(api, 'DELETE', `${configs}/c`)).body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'c', kind: 'configmaps' },
    });
    expect(await call(api, 'GET', `${SERVICES}/a`)).toMatchObject({
      code: 404,
      body: {
        reason: 'NotFound',
        message: 'services "a" not found',
        details: { kind: 'services' },
      },
    });
  });

  it('are not replaced by a stale version: 409', async () => {
    const api = await startApi();
    const { body } = await call(api, 'POST', SERVICES, { body: service('a') });
    api.apply(service('a', { ports: [{ port: 81 }] }));
    const answer = await call(api, 'PUT', `${SERVICES}/a`, { body });
    expect(answer).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    expect(textAt(answer.body, 'message')).toContain('the object has been modified');
  });

  it('keep their version when a write changes nothing', async () => {
    const api = await startApi();
    const { body } = await call(api, 'POST', SERVICES, { body: service('a') });
    const before = api.resourceVersion;
    await call(api, 'PATCH', `${SERVICES}/a`, {
      body: { spec: { type: 'ClusterIP' } },
      contentType: 'application/merge-patch+json',
    });
    expect(api.resourceVersion).toBe(before);
    expect((await call(api, 'GET', `${SERVICES}/a`)).body).toEqual(body);
  });

  it('get a name from generateName', async () => {
    const api = await startApi();
    const { body } = await call(api, 'POST', SERVICES, {
      body: { metadata: { generateName: 'web-' }, spec: { ports: [{ port: 80 }] } },
    });
    expect(textAt(body, 'metadata', 'name')).toMatch(/^web-[a-z0-9]{5}$/);
  });

  it('take a status only by the status subresource', async () => {
    const api = await startApi();
    await call(api, 'POST', SERVICES, { body: service('a') });
    const ingress = [{ ip: '192.0.2.1' }];
    const change = { status: { loadBalancer: { ingress } }, spec: { ports: [{ port: 99 }] } };
    const contentType = 'application/merge-patch+json';
    const plain = { body: { status: change.status }, contentType };
    expect((await call(api, 'PATCH', `${SERVICES}/a`, plain)).body).toMatchObject({
      status: { loadBalancer: {} },
    });
    const { body } = await call(api, 'PATCH', `${SERVICES}/a/status`, {
      body: change,
      contentType,
    });
    expect(body).toMatchObject({
      spec: { ports: [{ port: 80 }] },
      status: { loadBalancer: { ingress } },
    });
  });

  it('lose fields that are not known, with a warning, or are refused where the client is strict', async () => {
    const api = await startApi();
    const body = service('a', { foo: 1, ports: [{ port: 80, bar: 2 }] });
    const strict = await call(api, 'POST', `${SERVICES}?fieldValidation=Strict`, { body });
    expect(strict).toMatchObject({
      code: 400,
      body: {
        reason: 'BadRequest',
        message:
          'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.ports[0].bar", unknown field "spec.foo"',
      },
    });
    const warned = await call(api, 'POST', SERVICES, { body });
    expect(warned.code).toBe(201);
    expect(warned.headers.get('warning')).toContain('unknown field \\"spec.foo\\"');
    expect(JSON.stringify(warned.body)).not.toMatch(/foo|bar/);
  });

  it.each<[JsonObject, string]>([
    [
      { ports: [{ port: 'http' }] },
      'string into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      { selector: { a: 1 } },
      'number into Go struct field ServiceSpec.spec.selector of type string',
    ],
    [{ ports: {} }, 'object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort'],
  ])('are refused with a field of the wrong type: %j', async (spec, message) => {
    const api = await startApi();
    const { code, body } = await call(api, 'POST', SERVICES, { body: service('a', spec) });
    expect(code).toBe(400);
    expect(textAt(body, 'message')).toBe(
      `Service in version "v1" cannot be handled as a Service: json: cannot unmarshal ${message}`,
    );
  });

  it('are not stored by a dry run', async () => {
    const api = await startApi();
    const { code, body } = await call(api, 'POST', `${SERVICES}?dryRun=All`, {
      body: service('a'),
    });
    expect(code).toBe(201);
    expect(textAt(body, 'spec', 'clusterIP')).not.toBe('');
    expect(api.get('Service', 'default', 'a')).toBeUndefined();
  });

  it('are made by server-side apply when they are not there, and merged when they are', async () => {
    const api = await startApi();
    const contentType = 'application/apply-patch+yaml';
    const manifest =
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n';
    const first = await call(api, 'PATCH', `${SERVICES}/a?fieldManager=x`, {
      body: manifest,
      contentType,
    });
    expect(first.code).toBe(201);
    const second = await call(api, 'PATCH', `${SERVICES}/a?fieldManager=x`, {
      body: manifest.replace('name: a', 'name: a, labels: {b: c}'),
      contentType,
    });
    expect(second).toMatchObject({ code: 200, body: { metadata: { labels: { b: 'c' } } } });
  });

  it('are deleted by a selector', async () => {
    const api = await startApi();
    api.apply(service('a', {}, { labels: { tier: 'front' } }));
    api.apply(service('b'));
    const answer = await call(api, 'DELETE', `${SERVICES}?labelSelector=tier`);
    expect(itemsOf(answer)).toHaveLength(1);
    expect(api.get('Service', 'default', 'a')).toBeUndefined();
    expect(api.get('Service', 'default', 'b')).toBeDefined();
  });

  it('wait for their finalizers', async () => {
    const api = await startApi();
    api.apply(service('a', {}, { finalizers: ['example.org/wait'] }));
    await call(api, 'DELETE', `${SERVICES}/a`);
    const held = await call(api, 'GET', `${SERVICES}/a`);
    expect(textAt(held.body, 'metadata', 'deletionTimestamp')).not.toBe('');
    await call(api, 'PATCH', `${SERVICES}/a`, {
      body: { metadata: { finalizers: null } },
      contentType: 'application/merge-patch+json',
    });
    expect(api.get('Service', 'default', 'a')).toBeUndefined();
  });

  it('of kind Event are accepted and forgotten', async () => {
    const api = await startApi();
    const { code } = await call(api, 'POST', '/api/v1/namespaces/default/events', {
      body: { metadata: { name: 'e' } },
    });
    expect(code).toBe(201);
    expect(itemsOf(await call(api, 'GET', '/api/v1/events'))).toEqual([]);
  });

  it('come as tables with the columns of kubectl get', async () => {
    const api = await startApi({ now: () => 1_700_000_000_000 });
    api.apply(service('a', { clusterIP: '10.0.0.11', externalIPs: ['192.0.2.1'] }));
    const { body } = await call(api, 'GET', SERVICES, { accept: TABLE });
    expect(body).toMatchObject({
      kind: 'Table',
      columnDefinitions: [
        'Name',
        'Type',
        'Cluster-IP',
        'External-IP',
        'Port(s)',
        'Age',
        'Selector',
      ].map((name) => ({ name })),
      rows: [
        {
          cells: ['a', 'ClusterIP', '10.0.0.11', '192.0.2.1', '80/TCP', '0s', '<none>'],
          object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } },
        },
        {},
      ],
    });
  });
});

describe('refusals', () => {
  it.each<[string, string, JsonObject | string | undefined, string | undefined, number, string]>([
    ['GET', '/api/v1/nosuch', undefined, undefined, 404, 'NotFound'],
    ['GET', '/nowhere', undefined, undefined, 404, 'NotFound'],
    ['GET', `${SERVICES}/a/b/c`, undefined, undefined, 404, 'NotFound'],
    ['PUT', SERVICES, {}, undefined, 405, 'MethodNotAllowed'],
    ['POST', SERVICES, 'x', 'text/plain', 415, 'UnsupportedMediaType'],
    ['POST', SERVICES, '{', undefined, 400, 'BadRequest'],
    ['POST', SERVICES, '[]', undefined, 400, 'BadRequest'],
    ['POST', SERVICES, { kind: 'Pod', apiVersion: 'v1' }, undefined, 400, 'BadRequest'],
    ['POST', SERVICES, { metadata: { name: 'a', namespace: 'b' } }, undefined, 400, 'BadRequest'],
    ['PATCH', `${SERVICES}/kubernetes`, {}, 'application/json', 415, 'UnsupportedMediaType'],
    ['POST', SERVICES, 'x'.repeat(4 * 1024 * 1024), undefined, 413, 'RequestEntityTooLarge'],
  ])(
    '%s %s of case %# is answered with a Status',
    async (method, path, body, contentType, code, reason) => {
      const api = await startApi();
      const answer = await call(api, method, path, {
        ...(body === undefined ? {} : { body }),
        ...(contentType === undefined ? {} : { contentType }),
      });
      expect(answer).toMatchObject({
        code,
        body: { kind: 'Status', status: 'Failure', reason, code },
      });
    },
  );

  it('a client that takes only protobuf gets 406', async () => {
    const api = await startApi();
    const answer = await call(api, 'GET', SERVICES, {
      accept: 'application/vnd.kubernetes.protobuf',
    });
    expect(answer).toMatchObject({ code: 406, body: { reason: 'NotAcceptable' } });
  });

  it('a request without the token gets 401 where one is asked for', async () => {
    const api = await startApi({ token: 'secret' });
    expect(await call(api, 'GET', SERVICES)).toMatchObject({ code: 401 });
    const headers = { authorization: 'Bearer secret' };
    expect((await fetch(`${api.url}${SERVICES}`, { headers })).status).toBe(200);
    expect(api.kubeconfig()).toContain('token: secret');
  });

  it('a request from a web page gets 403', async () => {
    const api = await startApi();
    const headers = { origin: 'http://example.org' };
    expect((await fetch(`${api.url}${SERVICES}`, { headers })).status).toBe(403);
  });
});

describe('faults', () => {
  it('refuse requests until they are cleared, chosen ones too', async () => {
    const api = await startApi();
    api.faults.refuse(403, {
      message: 'endpointslices is forbidden',
      only: ({ path }) => path.includes('endpointslices'),
    });
    const slices = '/apis/discovery.k8s.io/v1/endpointslices';
    expect(await call(api, 'GET', slices)).toMatchObject({
      code: 403,
      body: { reason: 'Forbidden', message: 'endpointslices is forbidden' },
    });
    expect(await call(api, 'GET', SERVICES)).toMatchObject({ code: 200 });
    api.faults.refuse(429, { retryAfterSeconds: 7 });
    const busy = await call(api, 'GET', SERVICES);
    expect(busy.headers.get('retry-after')).toBe('7');
    api.faults.clear();
    expect(await call(api, 'GET', slices)).toMatchObject({ code: 200 });
  });

  it('hang leaves a request without an answer until its connection is dropped', async () => {
    const api = await startApi();
    api.faults.hang();
    const hanging = fetch(`${api.url}${SERVICES}`).then(
      () => 'answered',
      () => 'dropped',
    );
    await expect.poll(() => api.requests.length).toBe(1);
    api.faults.dropConnections();
    expect(await hanging).toBe('dropped');
  });

  it('dropConnections cuts a running watch', async () => {
    const api = await startApi();
    const reader = await watch(api, `${SERVICES}?resourceVersion=${api.resourceVersion}`);
    api.faults.dropConnections();
    await expect(reader.rest()).rejects.toThrow();
  });

  it('an API that was closed comes back on its port with its objects', async () => {
    const api = await startApi();
    api.apply(service('a'));
    const { url } = api;
    await api.close();
    await expect(fetch(`${url}${SERVICES}`)).rejects.toThrow();
    await api.start();
    expect(api.url).toBe(url);
    expect(await call(api, 'GET', `${SERVICES}/a`)).toMatchObject({ code: 200 });
  });

  it('a port in use is an error that names it', async () => {
    const api = await startApi();
    await expect(startApi({ port: api.port })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
  });
});
