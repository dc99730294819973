/** One connection of an HTTPS listener: its streams, its times, its end. */
import type { ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Client } from '../chain/query.js';
import type { TcpLimits } from './tcp-limits.js';

/** HTTP/1.1, or HTTP/2 once its session is known. */
export class HttpsConnection {
  readonly client: Client;
  readonly #socket: TLSSocket;
  readonly #limits: () => TcpLimits;
  #session: ServerHttp2Session | undefined;
  #timer: NodeJS.Timeout;
  #waitsForFirst = true;
  #inFlight = 0;
  #queries = 0;
  #ending = false;

  constructor(socket: TLSSocket, client: Client, limits: () => TcpLimits) {
    this.#socket = socket;
    this.client = client;
    this.#limits = limits;
    this.#timer = setTimeout(() => this.#expire(), limits().firstQueryMs);
    socket.once('close', () => clearTimeout(this.#timer));
  }

  /** Whether no more requests are taken: HTTP/1.1 replies say so. */
  get isEnding(): boolean {
    return this.#ending;
  }

  useSession(session: ServerHttp2Session): void {
    this.#session = session;
  }

  /**
   * A whole query has come in. The time runs from one to the next, not from octet to octet (slow loris).
   * False when more are in flight than may be: HTTP/2 clients are told the number, so that only pipelined
   * HTTP/1.1 comes there.
   */
  begin(): boolean {
    if (this.#inFlight >= this.#limits().queriesInFlight) return false;
    this.#inFlight += 1;
    this.#queries += 1;
    this.#restart();
    if (this.#queries >= this.#limits().queries) this.finish();
    return true;
  }

  /** The reply is sent, or nobody wants it any more. */
  end(): void {
    this.#inFlight -= 1;
    this.#restart();
    if (this.#ending) this.finish();
  }

  /** Takes no more requests; closes when those that were taken are answered. */
  finish(): void {
    const first = !this.#ending;
    this.#ending = true;
    if (this.#session !== undefined) {
      // GOAWAY; ends by itself when its streams are done
      if (first) this.#session.close();
    } else if (this.#inFlight === 0) {
      this.#socket.end();
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #restart(): void {
    if (!this.#waitsForFirst) {
      this.#timer.refresh();
      return;
    }
    this.#waitsForFirst = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expire(), this.#limits().idleMs);
  }

  #expire(): void {
    if (this.#inFlight > 0) this.#restart();
    else this.destroy();
  }
}
