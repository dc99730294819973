/** A small Kubernetes API in this process: the demo's cluster, and the one that tests talk to. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SvcdnsError } from '../errors.js';
import { addressRange } from './address-range.js';
import { ApiDoor } from './api-door.js';
import { badRequest } from './api-error.js';
import { Cluster } from './cluster.js';
import { deploymentController } from './deployment-controller.js';
import { EndpointsController } from './endpoints-controller.js';
import { GarbageCollector } from './garbage-collector.js';
import { HttpFaults, type SeenRequest } from './http-faults.js';
import { isObject, type JsonObject, objectAt, objectsAt, textAt, toJson } from './json.js';
import { LoadBalancerController } from './load-balancer-controller.js';
import { MirroringController } from './mirroring-controller.js';
import { NamespaceController } from './namespace-controller.js';
import { NodeRunner } from './node-runner.js';
import { decodeObject } from './object-decoding.js';
import { nameOf } from './object-identity.js';
import { PodRunner } from './pod-runner.js';
import { replicaSetController } from './replica-set-controller.js';
import { type ResourceType, resourceOf, resourceOfManifest } from './resource-type.js';
import { statefulSetController } from './stateful-set-controller.js';
import { createSystemObjects, type ServerAddress } from './system-objects.js';

/** Everything has a default; times are in milliseconds. */
export interface EmbeddedApiOptions {
  /** 0 (default): a free one. */
  readonly port?: number;
  /** Clients have to show this bearer token; empty (default): none. kubectl sends none without TLS. */
  readonly token?: string;
  /** CIDR ranges of cluster IPs; the first gives the default family. */
  readonly serviceRanges?: readonly string[];
  /** CIDR ranges of pod addresses. */
  readonly podRanges?: readonly string[];
  readonly nodePorts?: readonly [number, number];
  /** Nodes to begin with (default 2). */
  readonly nodes?: number;
  /** Changes of each kind over which a watch can resume (default 1000). */
  readonly historySize?: number;
  /** Between bookmarks (default a minute). */
  readonly bookmarkMs?: number;
  /** How long a deleted pod stays terminating (default 0: gone at once). */
  readonly terminationMs?: number;
  /** Whether sendInitialEvents is served (default true). */
  readonly watchList?: boolean;
  /** Where the DNS server listens, for the Service kube-dns (default 127.0.0.1:53). */
  readonly dns?: ServerAddress;
  /** Wall-clock milliseconds (default Date.now). */
  readonly now?: () => number;
  /** Uniform in [0, 1) (default Math.random). */
  readonly random?: () => number;
}

const SERVICE_RANGES: readonly string[] = ['10.0.0.0/16', 'fd00:10::/112'];
const POD_RANGES: readonly string[] = ['10.244.0.0/16', 'fd00:10:244::/112'];
const NODE_PORTS: readonly [number, number] = [30_000, 32_767];
const HISTORY_SIZE = 1000;
const BOOKMARK_MS = 60_000;
/** Requests kept for tests to look at. */
const MAX_SEEN = 1000;
const HOST = '127.0.0.1';
/** Offset of the DNS Service in the service range: 10.0.0.10. */
const DNS_OFFSET = 10;

/** One server on the loopback address with one cluster behind it. */
export class EmbeddedApi {
  /** Switches that make the HTTP door misbehave. */
  readonly faults: HttpFaults;
  /** The latest requests, oldest first. */
  readonly requests: SeenRequest[] = [];
  readonly #options: EmbeddedApiOptions;
  readonly #cluster: Cluster;
  readonly #door: ApiDoor;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;

  constructor(options: EmbeddedApiOptions = {}) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.#cluster = makeCluster(options);
    this.faults = new HttpFaults(this.#sockets, () => this.#cluster.store.expireHistory());
    this.#door = new ApiDoor({
      cluster: this.#cluster,
      faults: this.faults,
      bookmarkMs: options.bookmarkMs ?? BOOKMARK_MS,
      watchList: options.watchList ?? true,
      token: options.token ?? '',
      onRequest: (request) => {
        this.requests.push(request);
        if (this.requests.length > MAX_SEEN) this.requests.shift();
      },
    });
  }

  /**
   * Listens. After a {@link close} it can start again, on the same port and with the same objects.
   *
   * @throws SvcdnsError ADDRESS_IN_USE
   */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      void this.#door.handle(request, response);
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#port = await listen(server, this.#port);
    this.#server = server;
    if (this.#cluster.store.get(resourceOf('Namespace'), '', 'default') !== undefined) return;
    const range = addressRange((this.#options.serviceRanges ?? SERVICE_RANGES)[0] ?? '10.0.0.0/16');
    createSystemObjects(this.#cluster, {
      nodes: this.#options.nodes ?? 2,
      api: { address: HOST, port: this.#port },
      dns: this.#options.dns ?? { address: HOST, port: 53 },
      apiClusterIP: range.at(1),
      dnsClusterIP: range.at(DNS_OFFSET),
    });
  }

  /** Stops listening and cuts every connection; the objects stay. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#cluster.close();
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  /** The port that is bound, or was. */
  get port(): number {
    return this.#port;
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    return `http://${HOST}:${this.#port}`;
  }

  get resourceVersion(): number {
    return this.#cluster.store.resourceVersion;
  }

  /** A kubeconfig for kubectl and for the kubernetes directive. */
  kubeconfig(): string {
    const token = this.#options.token ?? '';
    const user = token === '' ? '{}' : `{ token: ${token} }`;
    return `apiVersion: v1
kind: Config
current-context: svcdns-demo
clusters:
  - name: svcdns-demo
    cluster: { server: "${this.url}" }
users:
  - name: svcdns-demo
    user: ${user}
contexts:
  - name: svcdns-demo
    context: { cluster: svcdns-demo, user: svcdns-demo, namespace: default }
`;
  }

  /**
   * Creates or replaces an object as `kubectl apply` would; a `status` that it brings is kept.
   * Takes a List as well, and then gives back its last object.
   *
   * @param namespace for objects that name none
   * @throws ApiError as the HTTP door would answer
   */
  apply(manifest: unknown, namespace = 'default'): JsonObject {
    const object = toJson(manifest);
    if (!isObject(object)) throw badRequest('a manifest has to be an object');
    if (textAt(object, 'kind') === 'List') {
      const items = objectsAt(object, 'items');
      return items.map((item) => this.apply(item, namespace)).at(-1) ?? object;
    }
    const apiVersion = textAt(object, 'apiVersion');
    const type = resourceOfManifest(apiVersion, textAt(object, 'kind'));
    if (type === undefined) {
      const kind = textAt(object, 'kind');
      throw badRequest(`no matches for kind "${kind}" in version "${apiVersion}"`);
    }
    const { object: decoded } = decodeObject(type, object, 'Strict');
    const home = type.namespaced ? textAt(object, 'metadata', 'namespace') || namespace : '';
    const name = nameOf(object);
    const options = { keepStatus: true };
    if (this.#cluster.store.get(type, home, name) !== undefined) {
      return this.#cluster.update(type, home, name, decoded, options);
    }
    // An object that was read and kept by a caller may come back.
    delete objectAt(decoded, 'metadata')['resourceVersion'];
    return this.#cluster.create(type, home, decoded, options);
  }

  /** Deletes an object; pods go at once. @throws ApiError 404 when it is not there */
  delete(kind: string, namespace: string, name: string): void {
    this.#cluster.delete(resourceOf(kind), namespace, name, { gracePeriodSeconds: 0 });
  }

  /** An object as it is stored; undefined when there is none. */
  get(kind: string, namespace: string, name: string): JsonObject | undefined {
    return this.#cluster.store.get(resourceOf(kind), namespace, name);
  }

  /** The objects of a kind, of one namespace or (undefined) of all. */
  list(kind: string, namespace?: string): readonly JsonObject[] {
    const type: ResourceType = resourceOf(kind);
    return this.#cluster.store.list(type, namespace);
  }

  /** Sends a bookmark on every running watch that takes them. */
  bookmark(): void {
    this.#door.bookmark();
  }

  /** Ends every running watch properly, as their timeout would. */
  endWatches(): void {
    this.#door.endWatches();
  }
}

function makeCluster(options: EmbeddedApiOptions): Cluster {
  const cluster = new Cluster({
    historySize: options.historySize ?? HISTORY_SIZE,
    serviceRanges: options.serviceRanges ?? SERVICE_RANGES,
    nodePorts: options.nodePorts ?? NODE_PORTS,
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
  });
  cluster.add(new NodeRunner(cluster, options.podRanges ?? POD_RANGES));
  cluster.add(new PodRunner(cluster, options.terminationMs ?? 0));
  cluster.add(deploymentController(cluster));
  cluster.add(replicaSetController(cluster));
  cluster.add(statefulSetController(cluster));
  cluster.add(new LoadBalancerController(cluster));
  cluster.add(new EndpointsController(cluster));
  cluster.add(new MirroringController(cluster));
  cluster.add(new GarbageCollector(cluster));
  cluster.add(new NamespaceController(cluster));
  return cluster;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') reject(cause);
      else {
        reject(
          new SvcdnsError('ADDRESS_IN_USE', `${HOST}:${port} is in use`, {
            where: 'embedded API',
            mend: 'choose another port, or 0 for a free one',
            cause,
          }),
        );
      }
    });
    server.listen(port, HOST, () => {
      const address: AddressInfo | string | null = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
