/** UDP in batches: many datagrams per system call, by way of the C library, on Linux. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { SvcdnsError } from '../errors.js';
import { type Answerer, ASK_CHAIN, type Listener } from './answerer.js';
import { DatagramMemory, REPLY_CAPACITY } from './datagram-memory.js';
import {
  ERRNO,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  type LibcSockets,
  SO_RCVBUF,
  SO_REUSEPORT,
  SOL_SOCKET,
} from './libc-sockets.js';
import {
  AF_INET,
  AF_INET6,
  addressText,
  IPV6_LENGTH,
  portOf,
  writeSocketAddress,
} from './socket-address.js';
import { RECEIVE_BUFFER_BYTES, type UdpOptions } from './udp-options.js';

/** What the batch implementation needs besides the options of every UDP listener. */
export interface BatchUdpOptions extends UdpOptions {
  readonly libc: LibcSockets;
  /** The largest batch, 1..1024; default {@link BATCH}. */
  readonly batch?: number;
}

/**
 * Datagrams per system call. Measured with batches of 16, 32, 64 and 128 (dnsperf, one core each):
 * 16 costs 3 to 8 % more CPU a query, the others do not differ beyond noise, since about ten datagrams
 * are waiting when a busy loop comes round. 64 leaves room for bursts at 4.5 MB of address space.
 */
const BATCH = 64;

/**
 * Datagrams answered before timers, messages and other sockets get their turn, at 4 to 8 µs each. One
 * that has to go to the chain counts as {@link CHAIN_WEIGHT}. libuv then reads up to 31 more on its
 * own; what is left over wakes the next turn, because it polls by level, not by edge.
 */
const TURN = 1024;
const CHAIN_WEIGHT = 8;

/**
 * Below some 10,000 queries a second a wake-up mostly brings one datagram, and looking for more is a
 * system call for nothing (2 µs of 30). So after each empty look this many wake-ups, doubled each time
 * up to here, go without; libuv looks once more by itself anyway.
 */
const LONGEST_SKIP = 7;

/**
 * Opens a socket that answers in batches.
 *
 * @throws {SvcdnsError} ADDRESS_IN_USE, ADDRESS_NOT_ALLOWED
 */
export async function listenUdpBatch(options: BatchUdpOptions): Promise<Listener> {
  const { libc } = options;
  const fd = openSocket(options);
  const family = isIPv6(options.address) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // Replies go to addresses that came from the kernel: asking the resolver costs 14 % of the send.
    lookup: (hostname, _options, callback) => callback(null, hostname, family),
  });
  const listener = new BatchUdpListener(socket, fd, options);
  try {
    const listening = once(socket, 'listening');
    socket.bind({ fd, exclusive: true });
    await listening;
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  return listener;
}

/** Makes and binds the socket; dgram adopts it, since Node 20 neither tells the number nor shares ports. */
function openSocket({ libc, address, port, reusePort, ipv6Only }: BatchUdpOptions): number {
  const where = `${address}:${port}`;
  const name = new Uint8Array(IPV6_LENGTH);
  const nameLength = writeSocketAddress(address, port, name, 0);
  if (nameLength === 0) {
    throw new SvcdnsError('ADDRESS_NOT_ALLOWED', `${address} is not an address`, { where });
  }
  const family = name[0] === AF_INET ? AF_INET : AF_INET6;
  const fd = libc.openUdp(family);
  if (fd < 0) throw bindError(libc.errno(), where);
  if (reusePort === true) libc.setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (family === AF_INET6) {
    libc.setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, ipv6Only === true ? 1 : 0);
  }
  libc.setOption(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
  if (libc.bind(fd, name, nameLength) < 0) {
    const errno = libc.errno();
    libc.close(fd);
    throw bindError(errno, where);
  }
  return fd;
}

function bindError(errno: number, where: string): SvcdnsError {
  if (errno === ERRNO.addressInUse) {
    return new SvcdnsError('ADDRESS_IN_USE', 'another process has this UDP port', {
      where,
      mend: 'stop it, or choose another port',
    });
  }
  const name = getSystemErrorName(-errno);
  return new SvcdnsError('ADDRESS_NOT_ALLOWED', `the UDP socket cannot be bound: ${name}`, {
    where,
    mend: 'choose an address of this machine, and a port that this user may bind',
  });
}

/**
 * dgram owns the descriptor, says when something can be read, and reads the first datagram; the rest
 * of what is waiting comes and goes through {@link DatagramMemory}. Between two turns of the event
 * loop nothing of ours is in the kernel's hands: all calls return at once.
 */
class BatchUdpListener implements Listener {
  readonly server: string;
  readonly transport = 'udp';
  readonly implementation = 'batch';
  readonly #socket: Socket;
  readonly #fd: number;
  readonly #libc: LibcSockets;
  readonly #logger: UdpOptions['logger'];
  readonly #memory: DatagramMemory;
  #answerer: Answerer;
  #turn = TURN;
  #turnEnds = false;
  #skip = 0;
  #nextSkip = 0;
  #pending = 0;
  #open = true;
  #closing: Promise<void> | undefined;
  #finished: (() => void) | undefined;

  constructor(socket: Socket, fd: number, options: BatchUdpOptions) {
    this.server = options.server;
    this.#socket = socket;
    this.#fd = fd;
    this.#libc = options.libc;
    this.#logger = options.logger;
    this.#answerer = options.answerer;
    this.#memory = new DatagramMemory(options.batch ?? BATCH, options.libc.addressOf);
    socket.on('message', (message, from) => this.#take(message, from));
    socket.on('error', (err) => this.#logger.warn({ err }, 'udp socket failed to receive'));
  }

  get address(): string {
    return this.#socket.address().address;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  setAnswerer(answerer: Answerer): void {
    this.#answerer = answerer;
  }

  /**
   * What has come in before is answered. While the chain finishes what it was asked, what finished
   * bytes can answer still is: the port is open, and its share of the askers would wait in vain.
   */
  close(drainMs: number): Promise<void> {
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    this.#turn = TURN;
    this.#drain();
    if (this.#pending > 0 && drainMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, drainMs);
        this.#finished = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#open = false;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  /** The first datagram of a wake-up: into slot 0 and answered as a batch of one. */
  #take(message: Uint8Array, from: RemoteInfo): void {
    if (!this.#open) return;
    const memory = this.#memory;
    const name = memory.addressStart(0);
    const nameLength = writeSocketAddress(from.address, from.port, memory.bytes, name);
    memory.placeFirst(message, nameLength);
    this.#answer(1);
    if (this.#skip > 0) this.#skip -= 1;
    else this.#drain();
    if (this.#turn < TURN / 2 && !this.#turnEnds) this.#endTurn();
  }

  /** Reads and answers until nothing is waiting or this turn's share is used up. */
  #drain(): void {
    if (this.#turn <= 0) return;
    const memory = this.#memory;
    let interrupted = 0;
    let found = false;
    while (this.#turn > 0) {
      const count = this.#libc.receiveBatch(this.#fd, memory.receiveHeaders, memory.slots);
      if (count <= 0) {
        if (count < 0 && this.#libc.errno() === ERRNO.interrupted && interrupted++ < 3) continue;
        break;
      }
      found = true;
      this.#turn -= count;
      this.#answer(count);
      if (count < memory.slots) break;
    }
    this.#nextSkip = found ? 0 : Math.min(LONGEST_SKIP, this.#nextSkip * 2 + 1);
    this.#skip = this.#nextSkip;
  }

  /** Asked for only when half of the share is gone: a callback for every wake-up would cost 1 to 2 µs. */
  #endTurn(): void {
    this.#turnEnds = true;
    setImmediate(() => {
      this.#turnEnds = false;
      this.#turn = TURN;
    });
  }

  /** Answers the datagrams in the first `count` slots; allocates only for what goes to the chain. */
  #answer(count: number): void {
    const memory = this.#memory;
    const { bytes } = memory;
    const answerer = this.#answerer;
    let replies = 0;
    for (let slot = 0; slot < count; slot += 1) {
      const length = memory.queryLength(slot);
      if (length === 0) continue;
      const start = memory.queryStart(slot);
      const out = memory.replyStart(replies);
      const written = answerer.answer(bytes, start, length, bytes, out, REPLY_CAPACITY);
      if (written > 0) {
        memory.directReply(replies, slot, written);
        replies += 1;
      } else if (written === ASK_CHAIN && this.#closing === undefined) {
        this.#ask(slot, length);
      }
    }
    if (replies > 0) this.#send(replies);
    memory.rearm(count);
  }

  /** Sends the first `count` replies; what one destination refuses does not hold up the others. */
  #send(count: number): void {
    let sent = 0;
    let interrupted = 0;
    while (sent < count) {
      const result = this.#libc.sendBatch(this.#fd, this.#memory.sendHeaders(sent), count - sent);
      if (result > 0) {
        sent += result;
        continue;
      }
      const errno = this.#libc.errno();
      if (errno === ERRNO.interrupted && interrupted++ < 3) continue;
      if (errno === ERRNO.wouldBlock) {
        this.#queue(sent, count);
        return;
      }
      sent += 1;
    }
  }

  /** The send buffer is full: dgram keeps copies and sends them when there is room. */
  #queue(from: number, count: number): void {
    for (let reply = from; reply < count; reply += 1) {
      const memory = this.#memory;
      this.#sendLater(memory.copyReply(reply), memory.bytes, memory.destinationStart(reply));
    }
  }

  #sendLater(reply: Uint8Array, bytes: Uint8Array, name: number): void {
    const text = addressText(bytes, name);
    const mapped = bytes[name] === AF_INET6 && !text.includes(':');
    this.#socket.send(reply, portOf(bytes, name), mapped ? `::ffff:${text}` : text);
  }

  #ask(slot: number, length: number): void {
    const memory = this.#memory;
    const start = memory.queryStart(slot);
    const name = memory.addressStart(slot);
    const nameLength = memory.addressLength(slot);
    const from = memory.bytes.slice(name, name + nameLength);
    this.#pending += 1;
    this.#turn -= CHAIN_WEIGHT;
    this.#answerer
      .resolve(memory.bytes.slice(start, start + length), {
        address: addressText(from, 0),
        port: portOf(from, 0),
        transport: 'udp',
        server: this.server,
      })
      .then(
        (reply) => this.#finish(reply, from),
        (err: unknown) => {
          this.#logger.error({ err }, 'a query was lost in the chain');
          this.#finish(undefined, from);
        },
      );
  }

  #finish(reply: Uint8Array | undefined, to: Uint8Array): void {
    if (this.#open && reply !== undefined && reply.length > 0) {
      const sent = this.#libc.sendTo(this.#fd, reply, to, to.length);
      if (sent < 0 && this.#libc.errno() === ERRNO.wouldBlock) this.#sendLater(reply, to, 0);
    }
    this.#pending -= 1;
    if (this.#pending === 0) this.#finished?.();
  }
}
