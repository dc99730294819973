/** An API that lists what it was given, keeps watches open and never changes; it checks nothing. */
import { once } from 'node:events';
import { createServer } from 'node:http';

export interface StaticApi {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves manifests as the lists of their kinds; `sendInitialEvents` is refused, so that clients list. */
export async function startStaticApi(objects: readonly unknown[]): Promise<StaticApi> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-type', 'application/json');
    if (searchParams.has('sendInitialEvents')) {
      response.writeHead(422).end(JSON.stringify(status('sendInitialEvents is forbidden')));
    } else if (searchParams.get('watch') === 'true' || searchParams.get('watch') === '1') {
      response.flushHeaders();
    } else {
      response.end(JSON.stringify(listOf(pathname, objects)));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Kinds by the last segment of their path. */
const KINDS: Readonly<Record<string, { kind: string; apiVersion: string }>> = {
  services: { kind: 'Service', apiVersion: 'v1' },
  namespaces: { kind: 'Namespace', apiVersion: 'v1' },
  pods: { kind: 'Pod', apiVersion: 'v1' },
  endpointslices: { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1' },
};

function listOf(path: string, objects: readonly unknown[]): unknown {
  const resource = KINDS[path.split('/').at(-1) ?? ''];
  if (resource === undefined) return discovery(path);
  const items = objects
    .filter((object) => hasKind(object, resource.kind))
    .map((object, i) => withVersion(object, String(i + 1)));
  return {
    kind: `${resource.kind}List`,
    apiVersion: resource.apiVersion,
    metadata: { resourceVersion: '100' },
    items,
  };
}

/** What a client may ask to learn whether EndpointSlices are there. */
function discovery(path: string): unknown {
  const groupVersion = path.includes('discovery.k8s.io') ? 'discovery.k8s.io/v1' : 'v1';
  const resources = Object.entries(KINDS)
    .filter(([, { apiVersion }]) => apiVersion === groupVersion)
    .map(([name, { kind }]) => ({ name, kind, namespaced: true, verbs: ['list', 'watch'] }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function hasKind(object: unknown, kind: string): boolean {
  return typeof object === 'object' && object !== null && 'kind' in object && object.kind === kind;
}

function withVersion(object: unknown, resourceVersion: string): unknown {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) return object;
  return { ...object, metadata: { ...Object(object.metadata), resourceVersion } };
}

function status(text: string): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: text, code: 422 };
}
