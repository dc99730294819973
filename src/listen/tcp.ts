/** Queries over streams: TCP, and TLS by the same code (RFC 7766, RFC 7858). */
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../observe/logger.js';
import type { Answerer, Listener } from './answerer.js';
import { openBoundSocket } from './bound-socket.js';
import { bindError, clientAddress, hostPort, isFamilyMissing } from './client-address.js';
import { loadLibcSockets } from './libc-sockets.js';
import { BATCH_OCTETS, TcpConnection, type TcpSurroundings } from './tcp-connection.js';
import { TCP_LIMITS, type TcpLimits } from './tcp-limits.js';

/** What a stream listener is made of. */
export interface TcpOptions {
  /** As CoreDNS labels it, `dns://:53`. */
  readonly server: string;
  /** An IP address; empty: `::`, or `0.0.0.0` on a machine without IPv6. */
  readonly address: string;
  /** 0..65535; 0 lets the system choose. */
  readonly port: number;
  readonly answerer: Answerer;
  readonly logger: Logger;
  readonly limits?: Partial<TcpLimits>;
  /** `::` without IPv4. */
  readonly ipv6Only?: boolean;
  /** Lets other sockets of this user share the port; needs the C library's sockets (`canSharePorts`). */
  readonly reusePort?: boolean;
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
  const open = async (address: string): Promise<Server> => {
    const server = options.secureServer?.() ?? createServer({ allowHalfOpen: true, noDelay: true });
    await bind(server, address, options);
    return server;
  };
  const { address } = options;
  const server = await open(address === '' ? '::' : address).catch((error: unknown) => {
    if (address !== '' || !isFamilyMissing(error)) throw error;
    return open('0.0.0.0');
  });
  const listener = new StreamListener(server, options);
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
  readonly #limits: TcpLimits;
  readonly #surroundings: TcpSurroundings;
  readonly #served = new Set<TcpConnection>();
  /** All sockets, also those in the middle of a TLS handshake. */
  readonly #admitted = new Set<Socket>();
  /** How many of them each client address has. */
  readonly #perClient = new Map<string, number>();
  #refused = 0;
  #answerer: Answerer;
  #closing = false;
  #emptied: (() => void) | undefined;

  constructor(socket: Server, options: TcpOptions) {
    const bound = socket.address();
    if (bound === null || typeof bound === 'string') throw new Error('the server is not bound');
    this.transport = options.secureServer === undefined ? 'tcp' : 'tls';
    this.server = options.server;
    this.address = bound.address;
    this.port = bound.port;
    this.#socket = socket;
    this.#answerer = options.answerer;
    this.#limits = { ...TCP_LIMITS, ...options.limits };
    this.#logger = options.logger.child({ listener: options.server, transport: this.transport });
    this.#surroundings = {
      limits: this.#limits,
      logger: this.#logger,
      answerer: () => this.#answerer,
      batch: new Uint8Array(BATCH_OCTETS),
    };
  }

  start(): void {
    // a failed accept (no more file descriptors) must not end the process
    this.#socket.on('error', (error) => this.#logger.warn({ err: error }, 'the socket failed'));
    this.#socket.prependListener('connection', (socket: Socket) => this.#admit(socket));
    const event = this.transport === 'tls' ? 'secureConnection' : 'connection';
    this.#socket.on(event, (socket: Socket) => this.#serve(socket));
    const address = hostPort(this.address, this.port);
    this.#logger.info({ address, implementation: this.implementation }, 'listening');
  }

  setAnswerer(answerer: Answerer): void {
    this.#answerer = answerer;
  }

  async close(drainMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.#socket.close(() => resolve()));
    for (const connection of this.#served) connection.finish();
    if (this.#served.size > 0) await this.#drain(drainMs);
    for (const socket of this.#admitted) socket.destroy();
    if (this.#refused > 0)
      this.#logger.warn({ refused: this.#refused }, 'connections were refused');
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

  /** Counts a connection from its first moment, or refuses it. */
  #admit(socket: Socket): void {
    const peer = clientAddress(socket.remoteAddress ?? '');
    const ofClient = this.#perClient.get(peer) ?? 0;
    const { connections, connectionsPerClient } = this.#limits;
    if (this.#closing || this.#admitted.size >= connections || ofClient >= connectionsPerClient) {
      this.#refuse(socket, peer, ofClient);
      return;
    }
    this.#admitted.add(socket);
    this.#perClient.set(peer, ofClient + 1);
    socket.once('close', () => {
      this.#admitted.delete(socket);
      const left = (this.#perClient.get(peer) ?? 1) - 1;
      if (left > 0) this.#perClient.set(peer, left);
      else this.#perClient.delete(peer);
    });
  }

  /** One line for the first refusal; the rest is told at the end. */
  #refuse(socket: Socket, peer: string, ofClient: number): void {
    socket.on('error', () => {});
    socket.destroy();
    this.#refused += 1;
    if (this.#refused > 1) return;
    this.#logger.warn(
      { client: peer, ofClient, open: this.#admitted.size },
      'too many connections',
    );
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

async function bind(server: Server, address: string, options: TcpOptions): Promise<void> {
  const where =
    options.reusePort === true
      ? await sharedPort(address, options)
      : { host: address, port: options.port, ipv6Only: options.ipv6Only === true };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    throw bindError(error, hostPort(address, options.port), 'TCP');
  });
}

/** What net is told to listen on, when the port is shared: a socket of ours, or its own option (Node 22.12). */
async function sharedPort(
  address: string,
  options: TcpOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const { port, ipv6Only = false } = options;
  const libc = await loadLibcSockets();
  if ('reason' in libc) return { host: address, port, ipv6Only, reusePort: true };
  const { fd } = openBoundSocket({
    libc,
    address,
    port,
    reusePort: true,
    transport: 'tcp',
    ipv6Only,
  });
  return { fd };
}
