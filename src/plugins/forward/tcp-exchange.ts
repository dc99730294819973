/** Asking one upstream over TCP or TLS: connections kept open, several questions on each, answers in any order (RFC 7766 §6.2). */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect as connectTls,
  type TLSSocket,
} from 'node:tls';
import { MAX_MESSAGE } from '../../wire/header.js';
import { type NameBuffer, nameBuffer } from '../../wire/wire-name.js';
import { acceptAnswer } from './answer-acceptance.js';
import type { Timer } from './clock.js';
import { type Exchange, type ExchangeFailure, exchangeFailed } from './exchange.js';
import { u16 } from './message-layout.js';
import type { UpstreamTls } from './options.js';
import type { ExchangeTools, UdpTarget } from './udp-exchange.js';

/** Above this many in flight on each connection another one is opened: plain servers often answer one by one. */
const TCP_SHARE = 4;
/** DNS over TLS servers answer out of order, and a handshake is dear. */
const TLS_SHARE = 32;
/** Connections per upstream; beyond it they are shared further. */
const MAX_CONNECTIONS = 8;

export interface StreamTarget extends UdpTarget {
  /** Present for TLS. */
  readonly tls?: UpstreamTls & { readonly serverName?: string };
  readonly expireMs: number;
  /** 0: no bound. */
  readonly maxAgeMs: number;
  /** 0: no bound. */
  readonly maxIdle: number;
  /** Told for each question whether a connection was at hand. */
  readonly onConnection: (reused: boolean) => void;
}

/** What TCP or TLS exchanges of one upstream share. */
export class StreamPool {
  readonly #target: StreamTarget;
  readonly #tools: ExchangeTools;
  readonly #scratch: NameBuffer = nameBuffer();
  readonly #connections = new Set<StreamConnection>();
  /** The last TLS session, so that the next handshake is a short one. */
  #session: Buffer | undefined;
  #closed = false;

  constructor(target: StreamTarget, tools: ExchangeTools) {
    this.#target = target;
    this.#tools = tools;
  }

  /** As {@link UdpPool.exchange}. A question that a kept connection lost by closing is asked once more on a new one. */
  async exchange(message: Uint8Array, timeoutMs: number): Promise<Exchange> {
    if (this.#closed) return exchangeFailed('closed');
    const deadline = this.#tools.clock.now() + timeoutMs;
    const kept = this.#pick();
    this.#target.onConnection(kept !== undefined);
    if (kept === undefined) return this.#askOnNew(message, timeoutMs);
    const first = await kept.ask(message, timeoutMs);
    const lost = first.kind === 'failure' && first.reason === 'closed';
    const left = deadline - this.#tools.clock.now();
    if (!lost || left <= 0 || this.#closed) return first;
    return this.#askOnNew(message, left);
  }

  async #askOnNew(message: Uint8Array, timeoutMs: number): Promise<Exchange> {
    try {
      return await this.#open().ask(message, timeoutMs);
    } catch (error) {
      // a certificate file that can't be read or holds no certificate
      return exchangeFailed('tls', error instanceof Error ? error.message : String(error));
    }
  }

  close(): void {
    this.#closed = true;
    for (const connection of [...this.#connections]) connection.end('closed');
  }

  /** The least loaded connection; undefined when a new one is better. */
  #pick(): StreamConnection | undefined {
    const share = this.#target.tls === undefined ? TCP_SHARE : TLS_SHARE;
    const now = this.#tools.clock.now();
    let best: StreamConnection | undefined;
    let usable = 0;
    for (const connection of this.#connections) {
      if (this.#isOld(connection, now)) continue;
      usable += 1;
      if (best === undefined || connection.inFlight < best.inFlight) best = connection;
    }
    if (best === undefined || best.inFlight < share || usable >= MAX_CONNECTIONS) return best;
    return undefined;
  }

  #isOld(connection: StreamConnection, now: number): boolean {
    return this.#target.maxAgeMs > 0 && now - connection.openedAt >= this.#target.maxAgeMs;
  }

  #open(): StreamConnection {
    const socket = this.#connect();
    const connection = new StreamConnection(socket, this.#tools, this.#scratch, {
      secure: this.#target.tls !== undefined,
      onEnd: () => this.#connections.delete(connection),
      onIdle: () => this.#idle(connection),
    });
    this.#connections.add(connection);
    return connection;
  }

  /** Closes an idle connection that is too old or one too many, otherwise after `expire`. */
  #idle(connection: StreamConnection): void {
    const idle = [...this.#connections].filter((other) => other.inFlight === 0).length;
    const tooMany = this.#target.maxIdle > 0 && idle > this.#target.maxIdle;
    if (tooMany || this.#isOld(connection, this.#tools.clock.now())) connection.end('closed');
    else connection.endAfter(this.#target.expireMs);
  }

  #connect(): Socket {
    const { address, port, sourceAddress, tls } = this.#target;
    const place = {
      host: address,
      port,
      noDelay: true,
      ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
    };
    if (tls === undefined) return connectTcp(place);
    const socket: TLSSocket = connectTls({ ...place, ...tlsOptions(tls, this.#session) });
    socket.on('session', (session) => {
      this.#session = session;
    });
    return socket;
  }
}

/** Files are read for each connection, so that renewed certificates are taken without a reload. */
function tlsOptions(
  tls: UpstreamTls & { readonly serverName?: string },
  session: Buffer | undefined,
): ConnectionOptions {
  const name = tls.serverName;
  return {
    minVersion: 'TLSv1.2',
    ...(name === undefined ? {} : identityOptions(name)),
    ...(tls.caFile === undefined ? {} : { ca: readFileSync(tls.caFile) }),
    ...(tls.certificateFile === undefined ? {} : { cert: readFileSync(tls.certificateFile) }),
    ...(tls.keyFile === undefined ? {} : { key: readFileSync(tls.keyFile) }),
    ...(session === undefined ? {} : { session }),
  };
}

/** The name that the certificate must hold instead of the address; an address is not sent as SNI (RFC 6066 §3). */
function identityOptions(name: string): ConnectionOptions {
  if (isIP(name) === 0) return { servername: name };
  return { checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate) };
}

interface Pending {
  readonly message: Uint8Array;
  readonly timer: Timer;
  readonly settle: (exchange: Exchange) => void;
}

const NOTHING: Buffer = Buffer.alloc(0);

interface ConnectionOwner {
  readonly secure: boolean;
  readonly onEnd: () => void;
  readonly onIdle: () => void;
}

/** One connection: frames out, frames in. */
class StreamConnection {
  readonly openedAt: number;
  readonly #socket: Socket;
  readonly #tools: ExchangeTools;
  readonly #scratch: NameBuffer;
  readonly #owner: ConnectionOwner;
  readonly #pending = new Map<number, Pending>();
  #received: Buffer = NOTHING;
  #heardAt = 0;
  #idleTimer: Timer | undefined;
  #ready = false;
  #ended = false;

  constructor(socket: Socket, tools: ExchangeTools, scratch: NameBuffer, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#tools = tools;
    this.#scratch = scratch;
    this.#owner = owner;
    this.openedAt = tools.clock.now();
    socket.unref();
    socket.on(owner.secure ? 'secureConnect' : 'connect', () => {
      this.#ready = true;
    });
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', (error) => this.end(this.#failureOf(error), error.message));
    socket.on('end', () => this.end('closed'));
    socket.on('close', () => this.end('closed'));
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  ask(message: Uint8Array, timeoutMs: number): Promise<Exchange> {
    this.#idleTimer?.cancel();
    if (this.#ended) return Promise.resolve(exchangeFailed('closed'));
    const id = this.#freeId();
    message[0] = id >> 8;
    message[1] = id & 0xff;
    return new Promise((resolve) => {
      const settle = (exchange: Exchange): void => {
        timer.cancel();
        this.#pending.delete(id);
        resolve(exchange);
        if (this.#pending.size === 0 && !this.#ended) this.#owner.onIdle();
      };
      const askedAt = this.#tools.clock.now();
      const timer = this.#tools.clock.after(timeoutMs, () => this.#timedOut(settle, askedAt));
      this.#pending.set(id, { message, timer, settle });
      // length and message in one write, so that they leave in one segment (RFC 7766 §8)
      const frame = Buffer.allocUnsafe(2 + message.length);
      frame.writeUInt16BE(message.length);
      frame.set(message, 2);
      this.#socket.write(frame);
    });
  }

  /** Ends the connection when nothing is asked for so long. */
  endAfter(delayMs: number): void {
    this.#idleTimer?.cancel();
    this.#idleTimer = this.#tools.clock.after(delayMs, () => {
      if (this.#pending.size === 0) this.end('closed');
    });
  }

  end(reason: ExchangeFailure, detail?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#idleTimer?.cancel();
    this.#owner.onEnd();
    for (const pending of [...this.#pending.values()]) {
      pending.settle(exchangeFailed(reason, detail));
    }
    this.#socket.destroy();
  }

  /** A connection on which nothing came since is given up with its question; one that works may still answer others. */
  #timedOut(settle: (exchange: Exchange) => void, askedAt: number): void {
    settle(exchangeFailed('timeout'));
    if (!this.#ready || this.#heardAt < askedAt) this.end('timeout');
  }

  #failureOf(error: Error): ExchangeFailure {
    if (this.#ready) return 'closed';
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    return this.#owner.secure && !/^E[A-Z]+$/.test(code) ? 'tls' : 'unreachable';
  }

  #take(bytes: Buffer): void {
    this.#heardAt = this.#tools.clock.now();
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    let at = 0;
    while (this.#received.length - at >= 2 && !this.#ended) {
      const length = u16(this.#received, at);
      if (this.#received.length - at - 2 < length) break;
      this.#answer(Uint8Array.from(this.#received.subarray(at + 2, at + 2 + length)));
      at += 2 + length;
    }
    this.#received = at === this.#received.length ? NOTHING : this.#received.subarray(at);
    // more than a frame can hold is never waited for
    if (this.#received.length > MAX_MESSAGE + 2) this.end('bad-answer');
  }

  #answer(message: Uint8Array): void {
    const pending = message.length < 2 ? undefined : this.#pending.get(u16(message, 0));
    if (pending === undefined) {
      this.#tools.reportBad('unexpected-id');
      return;
    }
    const exchange = acceptAnswer(pending.message, message, this.#scratch, this.#tools.reportBad);
    if (exchange !== undefined) pending.settle(exchange);
  }

  #freeId(): number {
    for (;;) {
      const id = this.#tools.random.uint16();
      if (!this.#pending.has(id)) return id;
    }
  }
}
