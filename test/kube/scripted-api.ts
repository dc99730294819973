/** An API server that does exactly what a test says: each request waits until the test takes it and answers. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a request is for, by its query. */
export type RequestKind = 'streamed-list' | 'watch' | 'list' | 'version';

/** A request that a test has taken. */
export class Exchange {
  readonly kind: RequestKind;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly #response: ServerResponse;
  /** Resolves when the client has gone away or the answer is through. */
  readonly closed: Promise<unknown>;

  constructor(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://api');
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = request.headers;
    this.#response = response;
    this.kind = kindOf(this.query);
    this.closed = once(response, 'close');
  }

  /** A whole answer. */
  answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    this.#response.end(
      typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    );
  }

  /** A Status object as the API's errors are. */
  refuse(
    code: number,
    reason: string,
    message: string,
    headers: Record<string, string> = {},
  ): void {
    this.answer(code, status(code, reason, message), headers);
  }

  /** Begins a watch's answer. */
  open(): this {
    this.#response.writeHead(200, { 'Content-Type': 'application/json' });
    this.#response.flushHeaders();
    return this;
  }

  event(type: string, object: unknown): this {
    return this.raw(`${JSON.stringify({ type, object })}\n`);
  }

  bookmark(resourceVersion: string, initialEventsEnd = false): this {
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    return this.event('BOOKMARK', {
      kind: 'Service',
      metadata: { resourceVersion, ...(initialEventsEnd ? { annotations } : {}) },
    });
  }

  raw(text: string): this {
    this.#response.write(text);
    return this;
  }

  end(): void {
    this.#response.end();
  }

  /** Breaks the connection in the middle. */
  reset(): void {
    this.#response.destroy();
  }
}

export class ScriptedApi {
  readonly #server: Server;
  #waiting: Exchange[] = [];
  #takers: {
    readonly matches: (exchange: Exchange) => boolean;
    readonly give: (exchange: Exchange) => void;
  }[] = [];

  static async start(tls?: ServerOptions): Promise<ScriptedApi> {
    const arrivals: { take: (exchange: Exchange) => void } = { take: () => {} };
    const listener: RequestListener = (request, response) => {
      response.on('error', () => {});
      arrivals.take(new Exchange(request, response));
    };
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const api = new ScriptedApi(server);
    arrivals.take = (exchange) => api.#arrive(exchange);
    return api;
  }

  private constructor(server: Server) {
    this.#server = server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections that are open at the moment. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  /** The next request of this kind for this resource, one that has come already included. */
  take(kind: RequestKind, resource: string): Promise<Exchange> {
    const matches = (exchange: Exchange): boolean =>
      exchange.kind === kind && exchange.path.endsWith(`/${resource}`);
    const at = this.#waiting.findIndex(matches);
    const [found] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((give) => this.#takers.push({ matches, give }));
  }

  /** Requests that nobody took. */
  get untaken(): readonly Exchange[] {
    return this.#waiting;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #arrive(exchange: Exchange): void {
    const at = this.#takers.findIndex((taker) => taker.matches(exchange));
    const [taker] = at < 0 ? [] : this.#takers.splice(at, 1);
    if (taker === undefined) this.#waiting.push(exchange);
    else taker.give(exchange);
  }
}

function kindOf(query: URLSearchParams): RequestKind {
  if (query.get('watch') === 'true') {
    return query.get('sendInitialEvents') === 'true' ? 'streamed-list' : 'watch';
  }
  return query.get('limit') === '1' ? 'version' : 'list';
}

/** A Status object. */
export function status(code: number, reason: string, message: string): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

/** A ClusterIP service as the API gives it. */
export function service(name: string, resourceVersion: string, clusterIP = '10.0.0.1'): object {
  return {
    metadata: { namespace: 'shop', name, resourceVersion },
    spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80 }] },
  };
}

/** A page of services. */
export function serviceList(
  resourceVersion: string,
  items: readonly object[],
  continueToken = '',
): object {
  const metadata = {
    resourceVersion,
    ...(continueToken === '' ? {} : { continue: continueToken }),
  };
  return { kind: 'ServiceList', apiVersion: 'v1', metadata, items };
}
