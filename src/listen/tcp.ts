/** Queries over streams: TCP, and TLS by the same code (RFC 7766, RFC 7858). */
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../observe/logger.js';
import type { Answerer, Listener } from './answerer.js';
import { clientAddress, hostPort } from './client-address.js';
import { ConnectionAdmission } from './connection-admission.js';
import { boundAddress, openStreamServer, type StreamAddress } from './stream-server.js';
import type { StreamSettings } from './stream-settings.js';
import { BATCH_OCTETS, TcpConnection, type TcpSurroundings } from './tcp-connection.js';
import { TCP_LIMITS, type TcpLimits } from './tcp-limits.js';

/** What a stream listener is made of. */
export interface TcpOptions extends StreamAddress {
  /** As CoreDNS labels it, `dns://:53`. */
  readonly server: string;
  readonly answerer: Answerer;
  readonly logger: Logger;
  readonly limits?: Partial<TcpLimits>;
  /**
   * Makes the server in place of `net.createServer`: for DoT a `tls.createServer` with certificates,
   * `handshakeTimeout` and `allowHalfOpen: true`. Its connections are taken from `secureConnection`.
   */
  readonly secureServer?: () => Server;
}

/**
 * Listens and answers.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function listenTcp(options: TcpOptions): Promise<Listener> {
  const make = (): Server =>
    options.secureServer?.() ?? createServer({ allowHalfOpen: true, noDelay: true });
  const listener = new StreamListener(await openStreamServer(make, options), options);
  listener.start();
  return listener;
}

class StreamListener implements Listener {
  readonly implementation = 'net';
  readonly transport: 'tcp' | 'tls';
  readonly server: string;
  readonly address: string;
  readonly port: number;
  readonly #socket: Server;
  readonly #logger: Logger;
  readonly #surroundings: TcpSurroundings;
  readonly #admission: ConnectionAdmission;
  readonly #served = new Set<TcpConnection>();
  #limits: TcpLimits;
  #answerer: Answerer;
  #closing = false;
  #emptied: (() => void) | undefined;

  constructor(socket: Server, options: TcpOptions) {
    const { address, port } = boundAddress(socket);
    this.transport = options.secureServer === undefined ? 'tcp' : 'tls';
    this.server = options.server;
    this.address = address;
    this.port = port;
    this.#socket = socket;
    this.#answerer = options.answerer;
    this.#limits = { ...TCP_LIMITS, ...options.limits };
    this.#logger = options.logger.child({ listener: options.server, transport: this.transport });
    this.#admission = new ConnectionAdmission(() => this.#limits, this.#logger);
    this.#surroundings = {
      limits: () => this.#limits,
      logger: this.#logger,
      answerer: () => this.#answerer,
      batch: new Uint8Array(BATCH_OCTETS),
    };
  }

  start(): void {
    // a failed accept (no more file descriptors) must not end the process
    this.#socket.on('error', (error) => this.#logger.warn({ err: error }, 'the socket failed'));
    this.#socket.prependListener('connection', (socket: Socket) => this.#admission.admit(socket));
    const event = this.transport === 'tls' ? 'secureConnection' : 'connection';
    this.#socket.on(event, (socket: Socket) => this.#serve(socket));
    const address = hostPort(this.address, this.port);
    this.#logger.info({ address, implementation: this.implementation }, 'listening');
  }

  setAnswerer(answerer: Answerer): void {
    this.#answerer = answerer;
  }

  configure({ limits }: StreamSettings): void {
    this.#limits = { ...TCP_LIMITS, ...limits };
  }

  async close(drainMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#admission.stop();
    const closed = new Promise<void>((resolve) => this.#socket.close(() => resolve()));
    for (const connection of this.#served) connection.finish();
    if (this.#served.size > 0) await this.#drain(drainMs);
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

  #serve(socket: Socket): void {
    if (socket.destroyed) return;
    const client = {
      address: clientAddress(socket.remoteAddress ?? ''),
      port: socket.remotePort ?? 0,
      transport: this.transport,
      server: this.server,
    };
    const connection = new TcpConnection(socket, client, this.#surroundings);
    this.#served.add(connection);
    socket.once('close', () => {
      this.#served.delete(connection);
      if (this.#served.size === 0) this.#emptied?.();
    });
  }
}
