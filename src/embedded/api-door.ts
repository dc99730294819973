/** The HTTP side: routes a request to discovery, lists, watches and objects, and renders the answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ApiError, internalError, methodNotAllowed, noSuchPath } from './api-error.js';
import type { Cluster } from './cluster.js';
import {
  aggregatedDiscovery,
  coreVersions,
  groupInfo,
  groupList,
  resourceList,
  versionInfo,
} from './discovery.js';
import type { HttpFaults, SeenRequest } from './http-faults.js';
import type { JsonObject } from './json.js';
import { parseListOptions } from './list-options.js';
import { listPage } from './list-page.js';
import { negotiate, type Rendering } from './media-type.js';
import {
  parseIncludeObject,
  type RenderContext,
  renderList,
  renderObject,
} from './object-rendering.js';
import { deleteCollection, handleObjectRequest, type ObjectRequest } from './object-requests.js';
import { openApiDocument, openApiIndex, openApiV2, openApiV2Protobuf } from './open-api.js';
import { readBody } from './request-body.js';
import { parseTarget, type RequestTarget } from './request-target.js';
import { startWatch, type WatchStream } from './watch-stream.js';

const compress = promisify(gzip);
/** The API server compresses from this size on. */
const GZIP_FROM_BYTES = 128 * 1024;
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export interface DoorOptions {
  readonly cluster: Cluster;
  readonly faults: HttpFaults;
  readonly bookmarkMs: number;
  /** Whether watches may begin with the state (WatchList, Kubernetes 1.32 and later). */
  readonly watchList: boolean;
  /** A bearer token to ask for; empty: none. */
  readonly token: string;
  /** Called with each request before it is judged. */
  onRequest(request: SeenRequest): void;
}

/** Answers requests; owns the running watches. */
export class ApiDoor {
  readonly #options: DoorOptions;
  readonly #watches = new Set<WatchStream>();

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      // A client that left has no use for an answer.
      if (response.destroyed) return;
      const refusal =
        error instanceof ApiError
          ? error
          : internalError(error instanceof Error ? error.message : String(error));
      if (response.headersSent) response.destroy();
      else await sendJson(request, response, refusal.code, refusal.status);
    }
  }

  /** Sends a bookmark on every watch that takes them. */
  bookmark(): void {
    for (const watch of this.#watches) watch.bookmark();
  }

  /** Ends every watch as its timeout would. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://embedded');
    const method = request.method ?? 'GET';
    const seen = { method, path: url.pathname, query: url.searchParams };
    this.#options.onRequest(seen);
    const verdict = this.#options.faults.judge(seen);
    if (verdict.kind === 'hang') return;
    if (verdict.kind === 'refuse') {
      const { status, reason, message, retryAfterSeconds } = verdict;
      if (retryAfterSeconds > 0) response.setHeader('retry-after', String(retryAfterSeconds));
      throw new ApiError(status, reason, message, { retryAfterSeconds });
    }
    refuseBrowsers(request);
    this.#authenticate(request);
    const target = parseTarget(url.pathname);
    if (target !== undefined) await this.#handleResource(request, response, target, url);
    else await handleDocument(request, response, url.pathname);
  }

  #authenticate(request: IncomingMessage): void {
    const { token } = this.#options;
    if (token !== '' && request.headers.authorization !== `Bearer ${token}`) {
      throw new ApiError(401, 'Unauthorized', 'Unauthorized');
    }
  }

  async #handleResource(
    request: IncomingMessage,
    response: ServerResponse,
    target: RequestTarget,
    url: URL,
  ): Promise<void> {
    const method = request.method ?? 'GET';
    const query = url.searchParams;
    if (target.type.kind === 'Pod' && target.subresource === 'log' && method === 'GET') {
      this.#options.cluster.get(target.type, target.namespace ?? '', target.name ?? '');
      sendText(response, 'the embedded cluster runs no containers, so there is no log\n');
      return;
    }
    const context = this.#renderContext(negotiate(request.headers.accept), query);
    const collection = target.name === undefined;
    if (collection && method === 'GET') {
      await this.#handleList(request, response, target, query, context);
      return;
    }
    const contentType = request.headers['content-type'];
    const body = method === 'GET' ? Buffer.alloc(0) : await readBody(request);
    const objectRequest: ObjectRequest = { method, target, query, contentType, body };
    if (collection && method === 'DELETE') {
      await this.#handleDeleteCollection(request, response, objectRequest, context);
      return;
    }
    const reply = handleObjectRequest(this.#options.cluster, objectRequest);
    for (const warning of reply.warnings ?? []) {
      response.appendHeader('warning', `299 - ${JSON.stringify(warning)}`);
    }
    const rendered =
      reply.isStatus === true ? reply.object : renderObject(target.type, reply.object, context);
    await sendJson(request, response, reply.code, rendered);
  }

  async #handleList(
    request: IncomingMessage,
    response: ServerResponse,
    target: RequestTarget,
    query: URLSearchParams,
    context: RenderContext,
  ): Promise<void> {
    const { cluster, bookmarkMs, watchList } = this.#options;
    const { type, namespace } = target;
    const options = parseListOptions(query, type, watchList);
    if (options.watch) {
      const render = (): RenderContext => ({ ...context, now: cluster.surroundings.now() });
      const watch = startWatch(response, {
        store: cluster.store,
        type,
        namespace,
        options,
        bookmarkMs,
        render,
      });
      this.#watches.add(watch);
      response.on('close', () => this.#watches.delete(watch));
      return;
    }
    const page = listPage(cluster.store, type, namespace, options);
    const meta: JsonObject = {
      resourceVersion: page.resourceVersion,
      ...(page.continueToken === ''
        ? {}
        : { continue: page.continueToken, remainingItemCount: page.remaining }),
    };
    await sendJson(request, response, 200, renderList(type, page.items, meta, context));
  }

  async #handleDeleteCollection(
    request: IncomingMessage,
    response: ServerResponse,
    objectRequest: ObjectRequest,
    context: RenderContext,
  ): Promise<void> {
    const { cluster } = this.#options;
    const { type } = objectRequest.target;
    const options = parseListOptions(objectRequest.query, type, false);
    const deleted = deleteCollection(cluster, objectRequest, options);
    const meta = { resourceVersion: String(cluster.store.resourceVersion) };
    await sendJson(request, response, 200, renderList(type, deleted, meta, context));
  }

  #renderContext(rendering: Rendering, query: URLSearchParams): RenderContext {
    const includeObject = parseIncludeObject(query.get('includeObject'));
    return { rendering, includeObject, now: this.#options.cluster.surroundings.now() };
  }
}

/**
 * Turns away what a web page makes a browser send, directly or by a name that it points at loopback:
 * without TLS kubectl sends no credentials, so the door cannot ask for them.
 */
function refuseBrowsers({ headers }: IncomingMessage): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  const local = ['127.0.0.1', 'localhost', ''].includes(host);
  if (local && headers.origin === undefined && headers['sec-fetch-site'] === undefined) return;
  throw new ApiError(403, 'Forbidden', 'the embedded API takes no requests from web pages');
}

/** Everything that is not a resource: discovery, version, health, OpenAPI. */
async function handleDocument(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw parseTarget(path) === undefined ? noSuchPath() : methodNotAllowed();
  }
  if (['/healthz', '/livez', '/readyz'].includes(path)) {
    sendText(response, 'ok');
    return;
  }
  if (path === '/openapi/v2' && (request.headers.accept ?? '').includes('protobuf')) {
    response.writeHead(200, {
      'content-type': 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
    });
    response.end(openApiV2Protobuf());
    return;
  }
  if ((path === '/api' || path === '/apis') && wantsAggregated(request)) {
    await sendJson(request, response, 200, aggregatedDiscovery(path === '/api'), AGGREGATED);
    return;
  }
  const document = documentAt(path, request.headers.host ?? '');
  if (document === undefined) throw noSuchPath();
  await sendJson(request, response, 200, document);
}

function wantsAggregated(request: IncomingMessage): boolean {
  const accept = request.headers.accept;
  return accept?.includes('APIGroupDiscoveryList') === true
    ? negotiate(accept) === 'aggregated-discovery'
    : false;
}

function documentAt(path: string, host: string): JsonObject | undefined {
  const fixed: Readonly<Record<string, () => JsonObject | undefined>> = {
    '/version': versionInfo,
    '/api': () => coreVersions(host),
    '/apis': groupList,
    '/api/v1': () => resourceList(''),
    '/openapi/v2': openApiV2,
    '/openapi/v3': openApiIndex,
  };
  const found = fixed[path.replace(/\/$/, '')];
  if (found !== undefined) return found();
  if (path.startsWith('/openapi/v3/')) return openApiDocument(path.slice('/openapi/v3/'.length));
  const [, apis, group = '', version, ...rest] = path.split('/');
  if (apis !== 'apis' || rest.length > 0) return undefined;
  if (version === undefined) return groupInfo(group);
  return version === 'v1' && group !== '' ? resourceList(group) : undefined;
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

async function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  object: JsonObject,
  contentType = 'application/json',
): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(object)}\n`);
  const takesGzip = (request.headers['accept-encoding'] ?? '').includes('gzip');
  response.statusCode = code;
  response.setHeader('content-type', contentType);
  if (takesGzip && body.length >= GZIP_FROM_BYTES) {
    const packed = await compress(body);
    response.setHeader('content-encoding', 'gzip');
    response.setHeader('content-length', packed.length);
    response.end(packed);
    return;
  }
  response.setHeader('content-length', body.length);
  response.end(body);
}
