/** Datagrams in batches: many per system call, by way of the C library, on Linux. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Logger } from '../observe/logger.js';
import { type Answerer, ASK_CHAIN, type Listener, NO_REPLY } from './answerer.js';
import { openBoundSocket } from './bound-socket.js';
import { hostPort } from './client-address.js';
import { DatagramMemory, REPLY_CAPACITY } from './datagram-memory.js';
import { DatagramSender } from './datagram-sender.js';
import type { LibcSockets } from './libc-sockets.js';
import { addressText, portOf, writeSocketAddress } from './socket-address.js';
import type { UdpOptions } from './udp-options.js';

/** What a listener in batches is made of. */
export interface UdpBatchOptions extends UdpOptions {
  readonly libc: LibcSockets;
  /** The largest batch, 1..1024; default {@link BATCH}. */
  readonly batch?: number;
}

/**
 * Datagrams per system call. Measured with 16, 32, 64 and 128 (dnsperf, one core each): they do not
 * differ beyond noise, since about ten datagrams are waiting when a busy loop comes round. 64 leaves
 * room for bursts and takes 4.5 MB of address space.
 */
const BATCH = 64;

/**
 * Datagrams answered before timers, messages and other sockets get their turn, at 4 to 8 µs each. One
 * that has to go to the chain counts as {@link CHAIN_WEIGHT} more. libuv then reads up to 31 on its
 * own; what is left over wakes the next turn, because it polls by level, not by edge.
 */
const TURN = 1024;
const CHAIN_WEIGHT = 8;

/**
 * Below some 10,000 queries a second a wake-up mostly brings one datagram, and looking for more is a
 * system call for nothing (2 µs of 30). So after each look that found nothing, as many wake-ups as
 * twice the last time, and at most these, go without. libuv looks once more by itself, so that nothing
 * is left lying.
 */
const LONGEST_SKIP = 7;

const MAX_IN_FLIGHT = 10_000;

/**
 * Binds and answers.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function listenUdpBatch(options: UdpBatchOptions): Promise<Listener> {
  const { libc } = options;
  const memory = new DatagramMemory(options.batch ?? BATCH, libc.addressOf);
  const { fd, family } = openBoundSocket(options);
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // only for what waits for room to be sent: addresses of peers are literals
    lookup: (address, _options, callback) => callback(null, address, family),
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ fd, exclusive: true });
    await listening;
  } catch (error) {
    socket.close();
    libc.close(fd);
    throw error;
  }
  const listener = new UdpBatch(socket, fd, memory, options);
  listener.start();
  return listener;
}

/**
 * dgram owns the descriptor, says when something can be read, and reads the first datagram; the rest
 * of what is waiting comes and goes through {@link DatagramMemory}. All calls return at once, and
 * between them the kernel knows nothing of our memory.
 *
 * Measured (bench/micro/udp.mjs, 2 cores shared with dnsperf, medians): 4.8 µs of CPU a query under
 * full load, plain dgram 8.3, Knot 5.0; most of it is the kernel's. At 20,000 queries a second 16 µs,
 * plain dgram 17, Knot 11.5: there the wake-up costs most, and dgram's own share of it is 3 µs.
 * Waiting in poll(2) for some 100 µs before going back to the event loop saves those 3 µs, but holds up
 * timers and other sockets by as much each time. sendmsg for a single reply gains nothing.
 */
class UdpBatch implements Listener {
  readonly transport = 'udp';
  readonly implementation = 'batch';
  readonly server: string;
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #fd: number;
  readonly #libc: LibcSockets;
  readonly #logger: Logger;
  readonly #memory: DatagramMemory;
  readonly #sender: DatagramSender;
  readonly #maxInFlight: number;
  #answerer: Answerer;
  /** What is left of this turn's share, see {@link TURN}. */
  #turn = TURN;
  #turnEnds = false;
  /** Wake-ups to go without a look at what else is waiting, see {@link LONGEST_SKIP}. */
  #skip = 0;
  #nextSkip = 0;
  #inFlight = 0;
  #dropped = 0;
  #closing = false;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(socket: Socket, fd: number, memory: DatagramMemory, options: UdpBatchOptions) {
    const bound = socket.address();
    this.server = options.server;
    this.address = bound.address;
    this.port = bound.port;
    this.#socket = socket;
    this.#fd = fd;
    this.#libc = options.libc;
    this.#logger = options.logger.child({ listener: options.server, transport: 'udp' });
    this.#memory = memory;
    this.#sender = new DatagramSender({ libc: options.libc, fd, socket, memory });
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
    this.#answerer = options.answerer;
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
    this.#turn = TURN;
    this.#drain(); // what has come in was asked before
    this.#closing = true;
    if (this.#inFlight > 0) await this.#waitForChain(drainMs);
    if (this.#dropped > 0) this.#logger.warn({ dropped: this.#dropped }, 'queries were dropped');
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #waitForChain(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The first datagram of a wake-up goes into slot 0, so that all are answered in one way. */
  #take(query: Uint8Array, peer: RemoteInfo): void {
    if (this.#closing) return;
    const memory = this.#memory;
    const start = memory.addressStart(0);
    const length = writeSocketAddress(peer.address, peer.port, memory.bytes, start);
    memory.placeFirst(query, length);
    this.#answer(1);
    if (this.#skip > 0) this.#skip -= 1;
    else this.#drain();
    if (this.#turn < TURN / 2 && !this.#turnEnds) this.#endTurn();
  }

  /** Reads and answers until nothing is waiting or this turn's share is used up. */
  #drain(): void {
    const memory = this.#memory;
    let found = false;
    while (this.#turn > 0) {
      const count = this.#libc.receiveBatch(this.#fd, memory.receiveHeaders, memory.slots);
      // whatever the error is, libuv meets it too and tells it, or wakes us again
      if (count <= 0) break;
      found = true;
      this.#turn -= count;
      this.#answer(count);
      if (count < memory.slots) break;
    }
    this.#nextSkip = found ? 0 : Math.min(LONGEST_SKIP, this.#nextSkip * 2 + 1);
    this.#skip = this.#nextSkip;
  }

  /** Asked for when half of the share is gone: at every wake-up it would cost 1 to 2 µs. */
  #endTurn(): void {
    this.#turnEnds = true;
    setImmediate(() => {
      this.#turnEnds = false;
      this.#turn = TURN;
      this.#skip = 0;
    });
  }

  /** Answers what is in the first `count` slots; allocates only for what goes to the chain. */
  #answer(count: number): void {
    let replies = 0;
    for (let slot = 0; slot < count; slot += 1) {
      const length = this.#memory.queryLength(slot);
      if (length === -1) continue;
      const written = this.#answerInto(replies, slot, length);
      if (written > 0) {
        this.#memory.directReply(replies, slot, written);
        replies += 1;
      } else if (written === ASK_CHAIN) {
        this.#ask(slot, length);
      }
    }
    if (replies > 0) this.#sender.sendReplies(replies);
    this.#memory.rearm(count);
  }

  #answerInto(reply: number, slot: number, length: number): number {
    const memory = this.#memory;
    const { bytes } = memory;
    const start = memory.queryStart(slot);
    const out = memory.replyStart(reply);
    try {
      const written = this.#answerer.answer(bytes, start, length, bytes, out, REPLY_CAPACITY);
      if (written <= REPLY_CAPACITY) return written;
      throw new RangeError(`a reply of ${written} octets was written`);
    } catch (error) {
      this.#logger.error({ err: error }, 'a query could not be answered');
      return NO_REPLY;
    }
  }

  /** Copies the query and its address: the slot is used again at once. */
  #ask(slot: number, length: number): void {
    this.#turn -= CHAIN_WEIGHT;
    if (this.#inFlight >= this.#maxInFlight) {
      this.#countDrop();
      return;
    }
    this.#inFlight += 1;
    const memory = this.#memory;
    const start = memory.queryStart(slot);
    const peer = memory.copyAddress(slot);
    const client = {
      address: addressText(peer, 0),
      port: portOf(peer, 0),
      transport: this.transport,
      server: this.server,
    } as const;
    this.#answerer.resolve(memory.bytes.slice(start, start + length), client).then(
      (reply) => this.#settle(reply, peer),
      (error: unknown) => {
        this.#logger.error({ err: error }, 'a query could not be answered');
        this.#settle(undefined, peer);
      },
    );
  }

  /** The descriptor may be somebody else's once the socket is closed, so nothing is sent then. */
  #settle(reply: Uint8Array | undefined, peer: Uint8Array): void {
    this.#inFlight -= 1;
    if (reply !== undefined && !this.#closed) this.#sender.send(reply, peer);
    if (this.#inFlight === 0) this.#drained?.();
  }

  /** One line for the first drop; the rest is told at the end. */
  #countDrop(): void {
    this.#dropped += 1;
    if (this.#dropped > 1) return;
    this.#logger.warn({ inFlight: this.#inFlight }, 'too many queries wait: dropping new ones');
  }
}
