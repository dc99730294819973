/** A small HTTP server for probes and metrics: GET and HEAD of fixed paths, everything bounded. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { bindError, hostPort, isFamilyMissing } from '../listen/client-address.js';
import type { Logger } from './logger.js';

/** What a path answers. */
export interface HttpReply {
  readonly status: number;
  readonly body: string;
  /** Default `text/plain; charset=utf-8`. */
  readonly contentType?: string;
}

/** One path, given the request's headers; a rejection is logged and answered 500. */
export type HttpRoute = (headers: IncomingHttpHeaders) => HttpReply | Promise<HttpReply>;

export interface HttpEndpointOptions {
  /** For the log: `health`, `ready`, `prometheus`. */
  readonly name: string;
  /** An IP address; empty: `::`, or `0.0.0.0` on a machine without IPv6. */
  readonly address: string;
  /** 0..65535; 0 lets the system choose. */
  readonly port: number;
  /** By path, without query string. */
  readonly routes: Readonly<Record<string, HttpRoute>>;
  readonly logger: Logger;
}

/** A bound HTTP server. */
export interface HttpEndpoint {
  readonly address: string;
  readonly port: number;
  /** Stops at once; requests on their way are cut off. */
  close(): Promise<void>;
}

/** Probes and scrapers hold one connection each; whoever opens hundreds is none. */
const MAX_CONNECTIONS = 256;
const MAX_HEADER_OCTETS = 8192;
/** For the headers, and for a whole request, in milliseconds. */
const REQUEST_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * Binds and serves.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function openHttpEndpoint(options: HttpEndpointOptions): Promise<HttpEndpoint> {
  const logger = options.logger.child({ endpoint: options.name });
  const server = await open(options, logger);
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server is not bound');
  logger.info({ address: hostPort(bound.address, bound.port) }, 'listening');
  return {
    address: bound.address,
    port: bound.port,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function open(options: HttpEndpointOptions, logger: Logger): Promise<Server> {
  const { address } = options;
  const first = address === '' ? '::' : address;
  return bind(first, options, logger).catch((error: unknown) => {
    if (address !== '' || !isFamilyMissing(error)) throw error;
    return bind('0.0.0.0', options, logger);
  });
}

async function bind(host: string, options: HttpEndpointOptions, logger: Logger): Promise<Server> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_OCTETS,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      answer(request, response, options.routes).catch((error: unknown) => {
        logger.error({ err: error, path: request.url }, 'a request could not be answered');
        reply(request, response, { status: 500, body: 'internal error\n' });
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: options.port }, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    throw bindError(error, hostPort(host, options.port), 'TCP');
  });
  server.on('error', (error) => logger.warn({ err: error }, 'the socket failed'));
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Readonly<Record<string, HttpRoute>>,
): Promise<void> {
  // a body is of no use here
  request.resume();
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) {
    reply(request, response, { status: 404, body: 'not found\n' });
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    reply(request, response, { status: 405, body: 'method not allowed\n' });
  } else {
    reply(request, response, await route(request.headers));
  }
}

function reply(request: IncomingMessage, response: ServerResponse, sent: HttpReply): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(sent.status, {
    'content-type': sent.contentType ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(sent.body),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : sent.body);
}
