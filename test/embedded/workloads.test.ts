import { describe, expect, it } from 'vitest';
import type { EmbeddedApi } from '../../src/embedded/embedded-api.js';
import { type JsonObject, textAt } from '../../src/embedded/json.js';
import { nameOf } from '../../src/embedded/object-identity.js';
import { call, itemsOf, startApi } from './api-client.js';

const LABELS = { app: 'web' };

function workload(kind: string, spec: JsonObject = {}, image = 'example.org/web:1'): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web' },
    spec: {
      replicas: 3,
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: { containers: [{ name: 'web', image }] },
      },
      ...spec,
    },
  };
}

function images(api: EmbeddedApi): string[] {
  return api.list('Pod', 'default').map((pod) => textAt(pod, 'spec', 'containers', 0, 'image'));
}

describe('Deployment', () => {
  it('runs its pods through a ReplicaSet and reports them', async () => {
    const api = await startApi();
    api.apply(workload('Deployment'));
    expect(api.list('ReplicaSet', 'default')).toMatchObject([
      { spec: { replicas: 3 }, status: { readyReplicas: 3 } },
    ]);
    expect(api.list('Pod', 'default')).toHaveLength(3);
    expect(api.get('Deployment', 'default', 'web')).toMatchObject({
      status: { replicas: 3, readyReplicas: 3, updatedReplicas: 3, observedGeneration: 1 },
    });
  });

  it('scales by its scale subresource', async () => {
    const api = await startApi();
    api.apply(workload('Deployment'));
    const path = '/apis/apps/v1/namespaces/default/deployments/web/scale';
    const { body } = await call(api, 'PATCH', path, {
      body: { spec: { replicas: 5 } },
      contentType: 'application/merge-patch+json',
    });
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } });
    expect(api.list('Pod', 'default')).toHaveLength(5);
    const scale = await call(api, 'GET', path);
    expect(scale.body).toMatchObject({ status: { replicas: 5, selector: 'app=web' } });
    const stale = await call(api, 'PUT', path, {
      body: { metadata: { name: 'web', resourceVersion: '1' }, spec: { replicas: 1 } },
    });
    expect(stale).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
  });

  it('replaces every pod when the template changes and keeps the old ReplicaSet', async () => {
    const api = await startApi();
    api.apply(workload('Deployment'));
    api.apply(workload('Deployment', {}, 'example.org/web:2'));
    expect(images(api)).toEqual(Array(3).fill('example.org/web:2'));
    const replicas = api
      .list('ReplicaSet', 'default')
      .map((set) => [textAt(set, 'metadata', 'annotations', 'deployment.kubernetes.io/revision')]);
    expect(replicas.flat().toSorted()).toEqual(['1', '2']);
  });

  it('replaces a pod that is deleted, and all go with it', async () => {
    const api = await startApi();
    api.apply(workload('Deployment'));
    const [first] = api.list('Pod', 'default');
    api.delete('Pod', 'default', nameOf(first ?? {}));
    expect(api.list('Pod', 'default')).toHaveLength(3);
    api.delete('Deployment', 'default', 'web');
    expect(api.list('Pod', 'default')).toEqual([]);
    expect(api.list('ReplicaSet', 'default')).toEqual([]);
  });

  it('leaves its pods when it is orphaned', async () => {
    const api = await startApi();
    api.apply(workload('ReplicaSet'));
    await call(api, 'DELETE', '/apis/apps/v1/namespaces/default/replicasets/web', {
      body: { propagationPolicy: 'Orphan' },
    });
    expect(api.list('Pod', 'default')).toHaveLength(3);
  });

  it('is refused when the selector does not match the template', async () => {
    const api = await startApi();
    const selector = { matchLabels: { app: 'other' } };
    expect(() => api.apply(workload('Deployment', { selector }))).toThrow(
      /`selector` does not match template `labels`/,
    );
  });
});

describe('StatefulSet', () => {
  it('names its pods by ordinal and gives them hostname and subdomain', async () => {
    const api = await startApi();
    api.apply(workload('StatefulSet', { serviceName: 'peers' }));
    expect(api.list('Pod', 'default')).toMatchObject(
      [0, 1, 2].map((ordinal) => ({
        metadata: { name: `web-${ordinal}` },
        spec: { hostname: `web-${ordinal}`, subdomain: 'peers' },
      })),
    );
  });

  it('scales down from the highest ordinal', async () => {
    const api = await startApi();
    api.apply(workload('StatefulSet'));
    api.apply(workload('StatefulSet', { replicas: 1 }));
    expect(api.list('Pod', 'default').map(nameOf)).toEqual(['web-0']);
  });

  it('rolls a new template out and says when it is done', async () => {
    const api = await startApi();
    api.apply(workload('StatefulSet'));
    api.apply(workload('StatefulSet', {}, 'example.org/web:2'));
    expect(images(api)).toEqual(Array(3).fill('example.org/web:2'));
    const status = api.get('StatefulSet', 'default', 'web');
    expect(textAt(status, 'status', 'currentRevision')).toBe(
      textAt(status, 'status', 'updateRevision'),
    );
  });

  it('waits for a name that a terminating pod still has', async () => {
    const api = await startApi({ terminationMs: 50 });
    api.apply(workload('StatefulSet', { replicas: 1 }));
    await call(api, 'DELETE', '/apis/apps/v1/namespaces/default/statefulsets/web');
    const before = textAt(api.get('Pod', 'default', 'web-0'), 'metadata', 'uid');
    api.apply(workload('StatefulSet', { replicas: 1 }, 'example.org/web:2'));
    expect(textAt(api.get('Pod', 'default', 'web-0'), 'metadata', 'uid')).toBe(before);
    await expect.poll(() => images(api)).toEqual(['example.org/web:2']);
  });

  it('waits in order for a pod that is not ready', async () => {
    const api = await startApi();
    const template = {
      metadata: { labels: LABELS, annotations: { 'svcdns.io/ready': 'false' } },
      spec: { containers: [{ name: 'web', image: 'example.org/web:1' }] },
    };
    api.apply(workload('StatefulSet', { template }));
    expect(api.list('Pod', 'default').map(nameOf)).toEqual(['web-0']);
  });
});

describe('pods', () => {
  it('get a node, an address of each family and a running state', async () => {
    const api = await startApi();
    api.apply(workload('Deployment', { replicas: 1 }));
    expect(api.list('Pod', 'default')).toMatchObject([
      {
        spec: { nodeName: expect.stringMatching(/^demo-node-/) },
        status: {
          phase: 'Running',
          podIP: expect.stringMatching(/^10\.244\./),
          podIPs: [{}, { ip: expect.stringMatching(/^fd00:10:244:/) }],
        },
      },
    ]);
  });

  it('that bring a status keep it', async () => {
    const api = await startApi();
    const status = { phase: 'Running', podIP: '192.0.2.9', podIPs: [{ ip: '192.0.2.9' }] };
    const spec = { containers: [{ name: 'a', image: 'b' }] };
    api.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec, status });
    expect(api.get('Pod', 'default', 'p')).toMatchObject({ status });
  });

  it('are listed by node and phase', async () => {
    const api = await startApi();
    api.apply(workload('Deployment', { replicas: 4 }));
    const selector = 'spec.nodeName=demo-node-1,status.phase!=Failed';
    const answer = await call(api, 'GET', `/api/v1/pods?fieldSelector=${selector}`);
    expect(itemsOf(answer)).toHaveLength(2);
  });
});

describe('namespaces', () => {
  it('take their content with them', async () => {
    const api = await startApi();
    api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } });
    api.apply(workload('Deployment'), 'gone');
    const { body } = await call(api, 'DELETE', '/api/v1/namespaces/gone');
    expect(body).toMatchObject({ status: { phase: 'Terminating' } });
    expect(api.get('Namespace', '', 'gone')).toBeUndefined();
    expect(api.list('Pod', 'gone')).toEqual([]);
  });

  it('stay terminating while a pod is, and take nothing new', async () => {
    const api = await startApi({ terminationMs: 60_000 });
    api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } });
    api.apply(workload('Deployment'), 'gone');
    await call(api, 'DELETE', '/api/v1/namespaces/gone');
    expect(api.get('Namespace', '', 'gone')).toMatchObject({ status: { phase: 'Terminating' } });
    const { code, body } = await call(api, 'POST', '/api/v1/namespaces/gone/configmaps', {
      body: { metadata: { name: 'late' } },
    });
    expect(code).toBe(403);
    expect(textAt(body, 'message')).toBe(
      'configmaps "late" is forbidden: unable to create new content in namespace gone because it is being terminated',
    );
  });

  it('that the cluster needs cannot be deleted', async () => {
    const api = await startApi();
    const answer = await call(api, 'DELETE', '/api/v1/namespaces/default');
    expect(answer).toMatchObject({ code: 403, body: { reason: 'Forbidden' } });
  });
});
