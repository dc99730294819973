/** DNS over HTTPS (RFC 8484): GET and POST at /dns-query, HTTP/2 and HTTP/1.1 by ALPN. */
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Logger } from '../observe/logger.js';
import { MAX_MESSAGE } from '../wire/header.js';
import { type Answerer, ASK_CHAIN, type Listener } from './answerer.js';
import { clientAddress, hostPort } from './client-address.js';
import { ConnectionAdmission } from './connection-admission.js';
import { DohExchange, type DohResponse } from './doh-exchange.js';
import { type DohRequest, readDohRequest } from './doh-request.js';
import { HttpsConnection } from './https-connection.js';
import { boundAddress, openStreamServer, type StreamAddress } from './stream-server.js';
import type { StreamSettings } from './stream-settings.js';
import { TCP_LIMITS, type TcpLimits } from './tcp-limits.js';
import { TlsIdentity } from './tls-identity.js';
import type { TlsSettings } from './tls-settings.js';

/** An HTTP/2 session costs some 100 kB. `queriesInFlight` is told to clients as the limit of streams. */
export const HTTPS_LIMITS: TcpLimits = {
  ...TCP_LIMITS,
  connections: 1024,
  connectionsPerClient: 256,
  queriesInFlight: 100,
};

/** Octets of all header fields; a GET with a query of 4,000 octets has room in it. */
const MAX_HEADER_OCTETS = 8_192;
/** Header fields of a request; browsers send some 20. */
const MAX_HEADER_FIELDS = 64;

/** What a DoH listener is made of. */
export interface HttpsOptions extends StreamAddress {
  /** As CoreDNS labels it, `https://:443`. */
  readonly server: string;
  readonly answerer: Answerer;
  readonly logger: Logger;
  readonly limits?: Partial<TcpLimits>;
  readonly tls: TlsSettings;
  /** How often the certificate's files are looked at, in milliseconds. */
  readonly certificateIntervalMs?: number;
}

/**
 * Listens and answers.
 * @throws SvcdnsError ADDRESS_IN_USE, ADDRESS_NOT_ALLOWED, FILE_UNREADABLE or CERTIFICATE_INVALID
 */
export async function listenHttps(options: HttpsOptions): Promise<Listener> {
  const logger = options.logger.child({ listener: options.server, transport: 'https' });
  const { certificateIntervalMs } = options;
  const identity = new TlsIdentity({
    settings: options.tls,
    logger,
    ...(certificateIntervalMs === undefined ? {} : { certificateIntervalMs }),
  });
  const limits = { ...HTTPS_LIMITS, ...options.limits };
  try {
    const server = await openStreamServer(() => makeServer(identity, limits), options);
    const listener = new HttpsListener(server, identity, limits, { ...options, logger });
    listener.start();
    return listener;
  } catch (error) {
    identity.close();
    throw error;
  }
}

function makeServer(identity: TlsIdentity, limits: TcpLimits): Http2SecureServer {
  const server = createSecureServer({
    ...identity.serverOptions(),
    allowHTTP1: true,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: limits.firstQueryMs,
    settings: {
      maxConcurrentStreams: limits.queriesInFlight,
      maxHeaderListSize: MAX_HEADER_OCTETS,
      enablePush: false,
    },
    maxHeaderListPairs: MAX_HEADER_FIELDS,
    // megabytes of one session: unread bodies and header fields
    maxSessionMemory: 4,
    // a client that goes on opening streams that are refused is closed
    maxSessionRejectedStreams: 100,
  });
  identity.attach(server);
  return server;
}

class HttpsListener implements Listener {
  readonly implementation = 'http2';
  readonly transport = 'https';
  readonly server: string;
  readonly address: string;
  readonly port: number;
  readonly #http: Http2SecureServer;
  readonly #identity: TlsIdentity;
  readonly #logger: Logger;
  readonly #admission: ConnectionAdmission;
  readonly #connections = new Set<HttpsConnection>();
  readonly #bySocket = new WeakMap<object, HttpsConnection>();
  readonly #bySession = new WeakMap<object, HttpsConnection>();
  readonly #out = new Uint8Array(MAX_MESSAGE);
  #limits: TcpLimits;
  #answerer: Answerer;
  #opening: HttpsConnection | undefined;
  #closing = false;
  #emptied: (() => void) | undefined;

  constructor(
    http: Http2SecureServer,
    identity: TlsIdentity,
    limits: TcpLimits,
    options: HttpsOptions,
  ) {
    const { address, port } = boundAddress(http);
    this.server = options.server;
    this.address = address;
    this.port = port;
    this.#http = http;
    this.#identity = identity;
    this.#limits = limits;
    this.#answerer = options.answerer;
    this.#logger = options.logger;
    this.#admission = new ConnectionAdmission(() => this.#limits, this.#logger);
  }

  start(): void {
    const http = this.#http;
    http.on('error', (error) => this.#logger.warn({ err: error }, 'the socket failed'));
    http.prependListener('connection', (socket) => this.#admission.admit(socket));
    // in front of the listener that makes a session of it, behind the one that looks at certificates
    const listeners = http.listeners('secureConnection');
    http.removeAllListeners('secureConnection');
    const [look, ...serve] = listeners;
    for (const listener of [look, (socket: TLSSocket) => this.#open(socket), ...serve]) {
      http.on('secureConnection', listener as (socket: TLSSocket) => void);
    }
    http.on('session', (session) => this.#useSession(session));
    // Node leaves a socket open whose handshake took too long
    http.on('tlsClientError', (error, socket) => {
      this.#logger.debug({ err: error }, 'no handshake');
      socket.destroy();
    });
    http.on('sessionError', (error) => this.#logger.debug({ err: error }, 'broken'));
    http.on('request', (request, response) => this.#take(request, response));
    const address = hostPort(this.address, this.port);
    this.#logger.info({ address, implementation: this.implementation }, 'listening');
  }

  setAnswerer(answerer: Answerer): void {
    this.#answerer = answerer;
  }

  configure({ limits, tls }: StreamSettings): void {
    if (tls !== undefined) this.#identity.configure(tls);
    this.#limits = { ...HTTPS_LIMITS, ...limits };
  }

  async close(drainMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#identity.close();
    this.#admission.stop();
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    for (const connection of this.#connections) connection.finish();
    if (this.#connections.size > 0) await this.#drain(drainMs);
    this.#admission.close();
    await closed;
  }

  #drain(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #open(socket: TLSSocket): void {
    this.#opening = undefined;
    if (socket.destroyed) return;
    const client = {
      address: clientAddress(socket.remoteAddress ?? ''),
      port: socket.remotePort ?? 0,
      transport: this.transport,
      server: this.server,
    } as const;
    const connection = new HttpsConnection(socket, client, () => this.#limits);
    this.#opening = connection;
    this.#bySocket.set(socket, connection);
    this.#connections.add(connection);
    socket.once('close', () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#emptied?.();
    });
  }

  /** A session is made while its connection is told of, so that it belongs to the last one. */
  #useSession(session: ServerHttp2Session): void {
    const connection = this.#opening;
    if (connection === undefined) return;
    connection.useSession(session);
    this.#bySession.set(session, connection);
  }

  #connectionOf(request: DohRequest): HttpsConnection | undefined {
    if ('stream' in request) {
      const { session } = request.stream;
      return session === undefined ? undefined : this.#bySession.get(session);
    }
    return this.#bySocket.get(request.socket);
  }

  #take(request: DohRequest, response: DohResponse): void {
    const connection = this.#connectionOf(request);
    if (connection === undefined) {
      response.destroy();
      return;
    }
    const { firstQueryMs, writeMs } = this.#limits;
    const exchange = new DohExchange({ request, response, connection, writeMs });
    request.on('error', () => {});
    const late = setTimeout(() => request.destroy(), firstQueryMs);
    readDohRequest(request)
      .finally(() => clearTimeout(late))
      .then((read) => {
        if ('query' in read) return this.#answer(read.query, exchange);
        exchange.refuse(read.refusal);
        return undefined;
      })
      .catch((error: unknown) => {
        this.#logger.debug({ err: error, client: connection.client }, 'no answer');
        response.destroy();
      });
  }

  async #answer(query: Uint8Array, exchange: DohExchange): Promise<void> {
    if (!exchange.begin()) {
      exchange.connection.destroy();
      return;
    }
    const out = this.#out;
    const written = this.#answerer.answer(query, 0, query.length, out, 0, out.length);
    if (written !== ASK_CHAIN) {
      if (written > 0) exchange.reply(out.slice(0, written));
      else exchange.refuse({ status: 400, text: 'that is no DNS query' });
      return;
    }
    const reply = await this.#answerer.resolve(query, exchange.connection.client);
    if (reply === undefined) exchange.drop();
    else exchange.reply(reply);
  }
}
