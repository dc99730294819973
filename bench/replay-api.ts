/**
 * A Kubernetes API that only lists and watches, out of memory and at next to no cost, on a thread of its
 * own: relists on command and changes at a fixed rate, which a real API server would itself need the
 * machine for.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { serviceObject, sliceObjects } from './kube-objects.js';
import { NAMESPACES, namespaceName, type SeedService } from './seed.js';

/** What it is told. */
type Order =
  | { readonly kind: 'expire' }
  | { readonly kind: 'service'; readonly service: SeedService }
  | { readonly kind: 'churn'; readonly perSecond: number };

/** What it tells: where it listens, and each time that a client has all slices. */
type Report = { readonly kind: 'listening'; readonly port: number } | { readonly kind: 'listed' };

/** The other side of the thread. */
export class ReplayApi {
  readonly #worker: Worker;
  readonly port: number;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.port = port;
  }

  /** Holds these services with their slices. */
  static async start(services: readonly SeedService[]): Promise<ReplayApi> {
    const worker = new Worker(new URL(import.meta.url), { workerData: { services } });
    const [report] = (await once(worker, 'message')) as [Report];
    if (report.kind !== 'listening') throw new Error(`the replayed API says ${report.kind}`);
    return new ReplayApi(worker, report.port);
  }

  /** Ends the watches of endpoint slices with 410; resolves when the whole list has been sent anew. */
  async expireSlices(): Promise<void> {
    this.#order({ kind: 'expire' });
    await once(this.#worker, 'message');
  }

  /** Adds a service; its event goes out at once. */
  addService(service: SeedService): void {
    this.#order({ kind: 'service', service });
  }

  /** Changes so many services a second from now on, one endpoint each; 0: none. */
  churn(perSecond: number): void {
    this.#order({ kind: 'churn', perSecond });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #order(order: Order): void {
    this.#worker.postMessage(order);
  }
}

type ResourceName = 'services' | 'endpointslices' | 'namespaces';

const RESOURCES: Readonly<Record<string, ResourceName>> = {
  '/api/v1/services': 'services',
  '/api/v1/namespaces': 'namespaces',
  '/apis/discovery.k8s.io/v1/endpointslices': 'endpointslices',
};
const KINDS: Readonly<
  Record<ResourceName, { readonly apiVersion: string; readonly kind: string }>
> = {
  services: { apiVersion: 'v1', kind: 'Service' },
  namespaces: { apiVersion: 'v1', kind: 'Namespace' },
  endpointslices: { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
};

/** One kind of object: what is there, what happened, who is told. */
class Resource {
  readonly name: ResourceName;
  /** JSON by namespace/name. */
  readonly #objects = new Map<string, string>();
  readonly #events: { readonly version: number; readonly line: string }[] = [];
  readonly #watchers = new Set<ServerResponse>();

  constructor(name: ResourceName) {
    this.name = name;
  }

  /** Puts an object there without an event. */
  put(object: object, version: number): { readonly text: string; readonly isNew: boolean } {
    const { key, text } = rendered(object, version);
    const isNew = !this.#objects.has(key);
    this.#objects.set(key, text);
    return { text, isNew };
  }

  /** Puts it there and tells all watchers. */
  change(object: object, version: number): void {
    const { text, isNew } = this.put(object, version);
    const line = `{"type":"${isNew ? 'ADDED' : 'MODIFIED'}","object":${text}}\n`;
    this.#events.push({ version, line });
    for (const watcher of this.#watchers) watcher.write(line);
  }

  list(response: ServerResponse, version: number, onSent: () => void): void {
    const { apiVersion, kind } = KINDS[this.name];
    const head = `{"kind":"${kind}List","apiVersion":"${apiVersion}","metadata":{"resourceVersion":"${version}"},"items":[`;
    response.setHeader('content-type', 'application/json');
    response.end(Buffer.from(`${head}${[...this.#objects.values()].join(',')}]}`), onSent);
  }

  watch(response: ServerResponse, since: number): void {
    response.setHeader('content-type', 'application/json');
    response.flushHeaders();
    for (const { version, line } of this.#events) if (version > since) response.write(line);
    this.#follow(response);
  }

  /** A streamed list (sendInitialEvents): all objects, a bookmark that ends them, then events. */
  stream(response: ServerResponse, version: number, onSent: () => void): void {
    const { apiVersion, kind } = KINDS[this.name];
    const lines = [...this.#objects.values()].map((text) => `{"type":"ADDED","object":${text}}\n`);
    const metadata = {
      resourceVersion: String(version),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    };
    lines.push(`${JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion, metadata } })}\n`);
    response.setHeader('content-type', 'application/json');
    response.write(Buffer.from(lines.join('')), onSent);
    this.#follow(response);
  }

  /** As an API server does whose history does not reach back that far. */
  expire(): void {
    const object = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'too old resource version',
      reason: 'Expired',
      code: 410,
    };
    for (const watcher of this.#watchers) {
      watcher.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    }
    this.#watchers.clear();
  }

  #follow(response: ServerResponse): void {
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
  }
}

/** With what an API server adds to each object, so that lists have their usual size. */
function rendered(object: object, version: number): { key: string; text: string } {
  const parts = object as { metadata: { namespace?: string; name: string } };
  const { namespace = '', name } = parts.metadata;
  const key = `${namespace}/${name}`;
  const time = '2026-01-01T00:00:00Z';
  const fieldsV1 = { 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } }, 'f:spec': {} };
  const metadata = {
    ...parts.metadata,
    uid: `00000000-0000-4000-8000-${Buffer.from(key).toString('hex').slice(-12).padStart(12, '0')}`,
    resourceVersion: String(version),
    creationTimestamp: time,
    managedFields: [
      {
        manager: 'controller',
        operation: 'Update',
        apiVersion: 'v1',
        time,
        fieldsType: 'FieldsV1',
        fieldsV1,
      },
    ],
  };
  return { key, text: JSON.stringify({ ...object, metadata }) };
}

/** The thread's side. */
class ReplayServer {
  readonly #resources: Readonly<Record<ResourceName, Resource>> = {
    services: new Resource('services'),
    namespaces: new Resource('namespaces'),
    endpointslices: new Resource('endpointslices'),
  };
  readonly #services: readonly SeedService[];
  readonly #report: (report: Report) => void;
  #version = 1_000_000;
  #expired = false;
  #churn: NodeJS.Timeout | undefined;
  #next = 0;

  constructor(services: readonly SeedService[], report: (report: Report) => void) {
    this.#services = services;
    this.#report = report;
    const { namespaces, endpointslices } = this.#resources;
    for (let i = 0; i < NAMESPACES; i++) {
      namespaces.put({ ...KINDS.namespaces, metadata: { name: namespaceName(i) } }, this.#version);
    }
    for (const service of services) {
      this.#resources.services.put(serviceObject(service), this.#version);
      for (const slice of sliceObjects(service)) endpointslices.put(slice, this.#version);
    }
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => this.#serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#report({ kind: 'listening', port: (server.address() as AddressInfo).port });
  }

  obey(order: Order): void {
    if (order.kind === 'expire') {
      this.#expired = true;
      this.#resources.endpointslices.expire();
    } else if (order.kind === 'service') {
      this.#resources.services.change(serviceObject(order.service), ++this.#version);
    } else {
      clearInterval(this.#churn);
      if (order.perSecond > 0) {
        this.#churn = setInterval(() => this.#changeOne(), 1_000 / order.perSecond);
      }
    }
  }

  /** The next service in turn loses its first endpoint or has it back. */
  #changeOne(): void {
    const index = this.#next++;
    const service = this.#services[index % this.#services.length];
    if (service === undefined) return;
    const isWhole = Math.floor(index / this.#services.length) % 2 === 1;
    const endpoints = isWhole ? service.endpoints : service.endpoints.slice(1);
    const [slice] = sliceObjects({ ...service, endpoints });
    if (slice !== undefined) this.#resources.endpointslices.change(slice, ++this.#version);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const name = RESOURCES[url.pathname];
    if (name === undefined) {
      response.statusCode = 404;
      response.setHeader('content-type', 'application/json');
      response.end('{"kind":"Status","apiVersion":"v1","status":"Failure","code":404}');
      return;
    }
    const resource = this.#resources[name];
    const query = url.searchParams;
    const onSent = (): void => {
      if (name !== 'endpointslices' || !this.#expired) return;
      this.#expired = false;
      this.#report({ kind: 'listed' });
    };
    if (query.get('watch') === null) resource.list(response, this.#version, onSent);
    else if (query.get('sendInitialEvents') === 'true') {
      resource.stream(response, this.#version, onSent);
    } else resource.watch(response, Number(query.get('resourceVersion') ?? 0));
  }
}

const port = parentPort;
if (!isMainThread && port !== null) {
  const { services } = workerData as { services: readonly SeedService[] };
  const server = new ReplayServer(services, (report) => port.postMessage(report));
  port.on('message', (order: Order) => server.obey(order));
  await server.listen();
}
