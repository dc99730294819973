/** Datagrams by node:dgram alone: the way that works everywhere. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Logger } from '../observe/logger.js';
import { type Answerer, ASK_CHAIN, type Listener } from './answerer.js';
import { bindError, clientAddress, hostPort, isFamilyMissing } from './client-address.js';
import { RECEIVE_BUFFER_BYTES, type UdpOptions } from './udp-options.js';

/** What the plain implementation may be told besides the options of every UDP listener. */
export interface UdpPlainOptions extends UdpOptions {
  /** Takes over a socket made elsewhere, already bound; its family is that of `address`. */
  readonly adoptedFd?: number;
  /** What the kernel is asked to hold for this socket, in octets; it may grant less. */
  readonly receiveBufferBytes?: number;
  /** Queries that may wait for the chain at once; beyond, they are dropped as a full socket drops them. */
  readonly maxInFlight?: number;
}

const MAX_IN_FLIGHT = 10_000;
/** The largest reply over UDP: the upper end of `bufsize`. */
const REPLY_CAPACITY = 4096;

/**
 * Binds and answers.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function listenUdpPlain(options: UdpPlainOptions): Promise<Listener> {
  const socket = await open(options);
  const listener = new UdpPlain(socket, options);
  listener.start();
  return listener;
}

class UdpPlain implements Listener {
  readonly transport = 'udp';
  readonly implementation = 'dgram';
  readonly server: string;
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #logger: Logger;
  readonly #maxInFlight: number;
  #answerer: Answerer;
  /** Where the fast answers are written: reused, see {@link #freeBuffer}. */
  #out: Buffer = Buffer.alloc(REPLY_CAPACITY);
  #inFlight = 0;
  #dropped = 0;
  #closing = false;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(socket: Socket, options: UdpPlainOptions) {
    const bound = socket.address();
    this.server = options.server;
    this.address = bound.address;
    this.port = bound.port;
    this.#socket = socket;
    this.#answerer = options.answerer;
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
    this.#logger = options.logger.child({ listener: options.server, transport: 'udp' });
  }

  start(): void {
    this.#socket.on('error', (error) => this.#logger.warn({ err: error }, 'the socket failed'));
    this.#socket.on('message', (query, peer) => this.#take(query, peer));
    this.#logger.info(
      {
        address: hostPort(this.address, this.port),
        implementation: this.implementation,
        receiveBufferBytes: this.#socket.getRecvBufferSize(),
      },
      'listening',
    );
  }

  setAnswerer(answerer: Answerer): void {
    this.#answerer = answerer;
  }

  async close(drainMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#inFlight > 0) await this.#drain(drainMs);
    if (this.#dropped > 0) this.#logger.warn({ dropped: this.#dropped }, 'queries were dropped');
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #drain(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(query: Buffer, peer: RemoteInfo): void {
    // send() throws for port 0, and nobody waits for an answer there
    if (peer.port === 0 || this.#closing) return;
    const out = this.#freeBuffer();
    try {
      const length = this.#answerer.answer(query, 0, query.length, out, 0, REPLY_CAPACITY);
      if (length > 0) this.#socket.send(out.subarray(0, length), peer.port, peer.address);
      else if (length === ASK_CHAIN) this.#ask(query, peer);
    } catch (error) {
      // our own fault, but no reason to stop answering everybody else
      this.#logger.error({ err: error }, 'a query could not be answered');
    }
  }

  /** Memory for one reply. What is still queued for sending is the same memory and must not be written to. */
  #freeBuffer(): Buffer {
    if (this.#socket.getSendQueueCount() > 0) this.#out = Buffer.alloc(REPLY_CAPACITY);
    return this.#out;
  }

  /** A received datagram has memory of its own, so it is handed on as it is. */
  #ask(query: Buffer, peer: RemoteInfo): void {
    if (this.#inFlight >= this.#maxInFlight) {
      this.#countDrop();
      return;
    }
    this.#inFlight += 1;
    const client = {
      address: clientAddress(peer.address),
      port: peer.port,
      transport: this.transport,
      server: this.server,
    } as const;
    this.#answerer.resolve(query, client).then(
      (reply) => this.#settle(reply, peer),
      (error: unknown) => {
        this.#logger.error({ err: error }, 'a query could not be answered');
        this.#settle(undefined, peer);
      },
    );
  }

  #settle(reply: Uint8Array | undefined, peer: RemoteInfo): void {
    this.#inFlight -= 1;
    // errors of sending (a peer that is gone, a full queue) have no listener: the client asks again
    if (reply !== undefined && !this.#closed) this.#socket.send(reply, peer.port, peer.address);
    if (this.#inFlight === 0) this.#drained?.();
  }

  /** One line for the first drop; the rest is told at the end. */
  #countDrop(): void {
    this.#dropped += 1;
    if (this.#dropped > 1) return;
    this.#logger.warn({ inFlight: this.#inFlight }, 'too many queries wait: dropping new ones');
  }
}

/**
 * Makes and binds the socket. The empty address is `::`, or `0.0.0.0` on a machine without IPv6.
 */
async function open(options: UdpPlainOptions): Promise<Socket> {
  if (options.address !== '') return bind(options, options.address);
  try {
    return await bind(options, '::');
  } catch (error) {
    if (!isFamilyMissing(error)) throw error;
    return bind(options, '0.0.0.0');
  }
}

async function bind(options: UdpPlainOptions, address: string): Promise<Socket> {
  const family = isIPv6(address) ? 6 : 4;
  const reusable: { reusePort?: boolean } = options.reusePort === true ? { reusePort: true } : {};
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: options.ipv6Only === true,
    // addresses of peers are literals: answering at once keeps sending synchronous (14 % less CPU)
    lookup: (host, _options, callback) => callback(null, host, family),
    ...reusable,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('listening', () => {
      socket.off('error', reject);
      resolve();
    });
    if (options.adoptedFd !== undefined) socket.bind({ fd: options.adoptedFd });
    else socket.bind({ address, port: options.port, exclusive: true });
  }).catch((error: unknown) => {
    socket.close();
    throw bindError(error, hostPort(address, options.port), 'UDP');
  });
  if (options.adoptedFd === undefined) {
    socket.setRecvBufferSize(options.receiveBufferBytes ?? RECEIVE_BUFFER_BYTES);
  }
  return socket;
}
