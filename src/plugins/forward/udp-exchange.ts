/** Asking one upstream over UDP: many connected sockets on random ports, each short-lived and little loaded. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type NameBuffer, nameBuffer } from '../../wire/wire-name.js';
import { acceptAnswer } from './answer-acceptance.js';
import type { Clock, Timer } from './clock.js';
import { type BadAnswerReporter, type Exchange, exchangeFailed } from './exchange.js';
import { u16 } from './message-layout.js';
import type { RandomSource } from './random-source.js';

/** Sockets in rotation: a forger has to guess which of their ports a question left from. */
const USUAL_SOCKETS = 8;
/** More are opened only while all of them are full. */
const MAX_SOCKETS = 256;
/** Questions in flight on one socket, so that an ID and a port together stay hard to guess. */
const MAX_IN_FLIGHT = 32;
/** A socket is replaced, and its port with it, after this many questions ... */
const MAX_USES = 128;
/** ... or after this long. */
const MAX_AGE_MS = 10_000;

export interface UdpTarget {
  readonly address: string;
  readonly port: number;
  readonly sourceAddress?: string;
}

export interface ExchangeTools {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly reportBad: BadAnswerReporter;
}

/** What UDP exchanges of one upstream share. */
export class UdpPool {
  readonly #target: UdpTarget;
  readonly #tools: ExchangeTools;
  readonly #scratch: NameBuffer = nameBuffer();
  /** Those that take new questions. */
  readonly #open: UdpAsker[] = [];
  /** Those that only wait for the rest of their answers. */
  readonly #retired = new Set<UdpAsker>();
  #closed = false;

  constructor(target: UdpTarget, tools: ExchangeTools) {
    this.#target = target;
    this.#tools = tools;
  }

  /**
   * Sends the message under an ID of its own (written into it) and waits for its answer.
   * Never rejects.
   */
  exchange(message: Uint8Array, timeoutMs: number): Promise<Exchange> {
    if (this.#closed) return Promise.resolve(exchangeFailed('closed'));
    const asker = this.#pick();
    if (asker === undefined) return Promise.resolve(exchangeFailed('no-socket'));
    return asker.ask(message, timeoutMs);
  }

  /** Ends all sockets; what is in flight fails. */
  close(): void {
    this.#closed = true;
    for (const asker of [...this.#open, ...this.#retired]) asker.end('closed');
  }

  #pick(): UdpAsker | undefined {
    const now = this.#tools.clock.now();
    for (const asker of this.#open.filter((candidate) => candidate.isSpent(now))) {
      this.#retire(asker);
    }
    if (this.#open.length >= USUAL_SOCKETS) {
      const asker = this.#open[this.#tools.random.uint32() % this.#open.length];
      if (asker !== undefined && asker.inFlight < MAX_IN_FLIGHT) return asker;
      const roomy = this.#open.find((candidate) => candidate.inFlight < MAX_IN_FLIGHT);
      if (roomy !== undefined) return roomy;
      if (this.#open.length + this.#retired.size >= MAX_SOCKETS) return undefined;
    }
    const opened = new UdpAsker(this.#target, this.#tools, this.#scratch, (gone) => {
      this.#forget(gone);
    });
    this.#open.push(opened);
    return opened;
  }

  #retire(asker: UdpAsker): void {
    this.#open.splice(this.#open.indexOf(asker), 1);
    this.#retired.add(asker);
    asker.endWhenIdle();
  }

  #forget(asker: UdpAsker): void {
    const at = this.#open.indexOf(asker);
    if (at >= 0) this.#open.splice(at, 1);
    this.#retired.delete(asker);
  }
}

interface Pending {
  readonly message: Uint8Array;
  readonly timer: Timer;
  readonly settle: (exchange: Exchange) => void;
}

/** One connected socket. */
class UdpAsker {
  readonly #socket: Socket;
  readonly #tools: ExchangeTools;
  readonly #scratch: NameBuffer;
  readonly #onEnd: (self: UdpAsker) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #openedAt: number;
  readonly #ageTimer: Timer;
  /** Messages that wait for the socket to be connected. */
  #queue: Uint8Array[] | undefined = [];
  #uses = 0;
  #retired = false;
  #ended = false;

  constructor(
    target: UdpTarget,
    tools: ExchangeTools,
    scratch: NameBuffer,
    onEnd: (self: UdpAsker) => void,
  ) {
    this.#tools = tools;
    this.#scratch = scratch;
    this.#onEnd = onEnd;
    this.#openedAt = tools.clock.now();
    const family = isIPv6(target.address) ? 6 : 4;
    this.#socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      // addresses are given as such; Node would pass them through its resolver on each use
      lookup: (host, _options, callback) => callback(null, host, family),
    });
    this.#socket.unref();
    this.#socket.on('message', (bytes) => this.#take(bytes));
    this.#socket.on('connect', () => this.#connected());
    this.#socket.on('error', (error) => this.end('unreachable', error.message));
    // the port is the system's choice at random; `exclusive` keeps it this process's own
    const bindTo = target.sourceAddress === undefined ? {} : { address: target.sourceAddress };
    this.#socket.bind({ port: 0, exclusive: true, ...bindTo }, () => {
      if (!this.#ended) this.#socket.connect(target.port, target.address);
    });
    this.#ageTimer = tools.clock.after(MAX_AGE_MS, () => this.endWhenIdle());
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  isSpent(now: number): boolean {
    return this.#uses >= MAX_USES || now - this.#openedAt >= MAX_AGE_MS;
  }

  ask(message: Uint8Array, timeoutMs: number): Promise<Exchange> {
    this.#uses += 1;
    const id = this.#freeId();
    message[0] = id >> 8;
    message[1] = id & 0xff;
    return new Promise((resolve) => {
      const settle = (exchange: Exchange): void => {
        timer.cancel();
        this.#pending.delete(id);
        resolve(exchange);
        if (this.#retired) this.endWhenIdle();
      };
      const timer = this.#tools.clock.after(timeoutMs, () => settle(exchangeFailed('timeout')));
      this.#pending.set(id, { message, timer, settle });
      if (this.#queue === undefined) this.#send(message);
      else this.#queue.push(message);
    });
  }

  /** Takes no more questions and ends with the last answer. */
  endWhenIdle(): void {
    this.#retired = true;
    if (this.#pending.size === 0) this.end('closed');
  }

  end(reason: 'closed' | 'unreachable', detail?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ageTimer.cancel();
    this.#onEnd(this);
    for (const pending of [...this.#pending.values()]) {
      pending.settle(exchangeFailed(reason, detail));
    }
    this.#socket.close();
  }

  #connected(): void {
    const queue = this.#queue ?? [];
    this.#queue = undefined;
    for (const message of queue) this.#send(message);
  }

  #send(message: Uint8Array): void {
    if (this.#ended) return;
    this.#socket.send(message, (error) => {
      if (error !== null) this.end('unreachable', error.message);
    });
  }

  #take(bytes: Uint8Array): void {
    const pending = bytes.length < 2 ? undefined : this.#pending.get(u16(bytes, 0));
    if (pending === undefined) {
      this.#tools.reportBad('unexpected-id');
      return;
    }
    const exchange = acceptAnswer(pending.message, bytes, this.#scratch, this.#tools.reportBad);
    if (exchange !== undefined) pending.settle(exchange);
  }

  #freeId(): number {
    for (;;) {
      const id = this.#tools.random.uint16();
      if (!this.#pending.has(id)) return id;
    }
  }
}
