/** One stream connection: queries in any split, answers in any order (RFC 7766). */
import type { Socket } from 'node:net';
import type { MessageSink } from '../chain/message-sink.js';
import type { Client } from '../chain/query.js';
import type { Logger } from '../observe/logger.js';
import { MAX_MESSAGE } from '../wire/header.js';
import { FRAME_PREFIX, FrameSplitter, frame } from '../wire/tcp-frame.js';
import { type Answerer, ASK_CHAIN } from './answerer.js';
import type { TcpLimits } from './tcp-limits.js';

/** What the connections of a listener share. */
export interface TcpSurroundings {
  /** The limits of now; a reload may change them. */
  limits(): TcpLimits;
  readonly logger: Logger;
  /** The answers of now; a reload may change them between two queries. */
  answerer(): Answerer;
  /** Memory in which the fast answers of one read are put together, at least {@link BATCH_OCTETS} long. */
  readonly batch: Uint8Array;
}

const MAX_FRAME = FRAME_PREFIX + MAX_MESSAGE;
/** Room for one answer of any size, behind as many as fit in front of it. */
export const BATCH_OCTETS: number = 2 * MAX_FRAME;

/**
 * Serves a connected socket until either side has had enough. Closes itself; {@link finish} is
 * for the end of the listener.
 */
export class TcpConnection {
  readonly #socket: Socket;
  readonly #client: Client;
  readonly #surroundings: TcpSurroundings;
  readonly #splitter = new FrameSplitter();
  readonly #sink: MessageSink = {
    send: (message) => this.#sendOne(message),
    abort: () => this.#socket.destroy(),
  };
  /** Transfers that wait for the peer to take what was sent. */
  #waiting: (() => void)[] = [];
  #idle: NodeJS.Timeout;
  #waitsForFirst = true;
  #write: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #queries = 0;
  /** No more queries are taken: the peer has ended its side, or the listener closes. */
  #ending = false;
  /** Whether {@link #pump} is at work, so that nothing calls it from inside. */
  #pumping = false;

  constructor(socket: Socket, client: Client, surroundings: TcpSurroundings) {
    this.#socket = socket;
    this.#client = client;
    this.#surroundings = surroundings;
    this.#idle = setTimeout(() => this.#expire(), surroundings.limits().firstQueryMs);
    socket.on('data', (chunk) => {
      if (this.#ending) return;
      this.#splitter.push(chunk);
      this.#pump();
    });
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.finish());
    socket.on('error', (error) => surroundings.logger.debug({ err: error, client }, 'broken'));
    socket.on('close', () => {
      clearTimeout(this.#idle);
      clearTimeout(this.#write);
      this.#wake();
    });
  }

  /** Takes no more queries; closes when those that were taken are answered. */
  finish(): void {
    this.#ending = true;
    this.#endIfDone();
  }

  /** Whether the peer, or the chain, has to catch up before another query is taken. */
  get #busy(): boolean {
    return (
      this.#write !== undefined || this.#inFlight >= this.#surroundings.limits().queriesInFlight
    );
  }

  /** Whether the connection has asked as often as it may; clients make another one then. */
  get #exhausted(): boolean {
    return this.#queries >= this.#surroundings.limits().queries;
  }

  /** Answers the queries that are there, then says whether more are to be read. */
  #pump(): void {
    if (this.#pumping || this.#socket.destroyed) return;
    this.#pumping = true;
    try {
      if (this.#answerAll() > 0) this.#restartIdle();
    } catch (error) {
      // our own fault, but no reason to stop answering everybody else
      this.#surroundings.logger.error({ err: error }, 'a query could not be answered');
      this.#socket.destroy();
    }
    this.#pumping = false;
    if (this.#busy) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
    this.#endIfDone();
  }

  /** Takes whole queries until there are none, or too many; the fast answers go out by one write. */
  #answerAll(): number {
    const { batch } = this.#surroundings;
    let queries = 0;
    let used = 0;
    while (!this.#busy && !this.#exhausted && this.#splitter.next()) {
      queries += 1;
      this.#queries += 1;
      used += this.#answer(batch, used);
      if (used > BATCH_OCTETS - MAX_FRAME) {
        this.#send(batch.slice(0, used));
        used = 0;
      }
    }
    if (used > 0) this.#send(batch.slice(0, used));
    if (this.#exhausted) this.#ending = true;
    return queries;
  }

  /** Answers the query that the splitter stands at into the batch; the octets written there. */
  #answer(batch: Uint8Array, at: number): number {
    const { bytes, start, length } = this.#splitter;
    const written = this.#surroundings
      .answerer()
      .answer(bytes, start, length, batch, at + FRAME_PREFIX, MAX_MESSAGE);
    if (written > 0) {
      batch[at] = written >> 8;
      batch[at + 1] = written & 0xff;
      return FRAME_PREFIX + written;
    }
    if (written === ASK_CHAIN) this.#ask(Uint8Array.from(bytes.subarray(start, start + length)));
    return 0;
  }

  #ask(query: Uint8Array): void {
    this.#inFlight += 1;
    this.#surroundings
      .answerer()
      .resolve(query, this.#client, this.#sink)
      .then(
        (reply) => this.#settle(reply),
        (error: unknown) => {
          this.#surroundings.logger.error({ err: error }, 'a query could not be answered');
          this.#settle(undefined);
        },
      );
  }

  #settle(reply: Uint8Array | undefined): void {
    this.#inFlight -= 1;
    if (this.#socket.destroyed) return;
    if (reply !== undefined) this.#sendSoon(frame(reply));
    if (this.#inFlight === 0) this.#restartIdle();
    this.#pump();
  }

  /** Replies of the chain that settle in one turn go out by one system call. */
  #sendSoon(octets: Uint8Array): void {
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#send(octets);
  }

  #send(octets: Uint8Array): void {
    if (this.#socket.write(octets) || this.#write !== undefined) return;
    this.#write = setTimeout(() => this.#socket.destroy(), this.#surroundings.limits().writeMs);
  }

  #drained(): void {
    clearTimeout(this.#write);
    this.#write = undefined;
    this.#wake();
    this.#pump();
  }

  /** One message of several; the next one may come when the peer has taken it. */
  async #sendOne(message: Uint8Array): Promise<void> {
    if (!this.#socket.destroyed) {
      this.#send(frame(message));
      // always behind a turn, so that a long transfer holds up nobody else
      if (this.#write === undefined) await new Promise((resolve) => setImmediate(resolve));
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#socket.destroyed) throw new Error('the client has gone');
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /**
   * The time runs from whole query to whole query, not from octet to octet: who sends slowly is closed as
   * who sends nothing (slow loris).
   */
  #restartIdle(): void {
    if (!this.#waitsForFirst) {
      this.#idle.refresh();
      return;
    }
    this.#waitsForFirst = false;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#expire(), this.#surroundings.limits().idleMs);
  }

  #expire(): void {
    // what waits for the chain or for the peer has times of its own
    if (this.#inFlight > 0 || this.#write !== undefined) this.#restartIdle();
    else this.#socket.destroy();
  }

  #endIfDone(): void {
    if (!this.#ending || this.#pumping || this.#inFlight > 0 || this.#write !== undefined) return;
    if (!this.#socket.writableEnded) this.#socket.end();
  }
}
