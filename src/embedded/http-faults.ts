/** Faults of the HTTP door, switched on and off by tests that play an API in trouble. */
import type { Socket } from 'node:net';

/** A request as a fault may choose by. */
export interface SeenRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Which requests a fault is for; left out: all. */
export type RequestFilter = (request: SeenRequest) => boolean;

/** What to do with a request: answer it properly, refuse it, or never answer. */
export type FaultVerdict =
  | { readonly kind: 'serve' }
  | { readonly kind: 'hang' }
  | {
      readonly kind: 'refuse';
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      readonly retryAfterSeconds: number;
    };

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

export interface RefuseOptions {
  readonly message?: string;
  /** Sent as Retry-After; 0 or absent: not sent. */
  readonly retryAfterSeconds?: number;
  readonly only?: RequestFilter;
}

/** The switches. A fault lasts until another one or {@link HttpFaults.clear} takes its place. */
export class HttpFaults {
  readonly #sockets: Set<Socket>;
  readonly #expire: () => void;
  #filter: RequestFilter = () => true;
  #verdict: FaultVerdict = { kind: 'serve' };

  /** @param sockets the open connections; @param expire forgets the history of all watches */
  constructor(sockets: Set<Socket>, expire: () => void) {
    this.#sockets = sockets;
    this.#expire = expire;
  }

  /** Answers requests with a Status of this HTTP code. Watches that run go on. */
  refuse(status: number, options: RefuseOptions = {}): void {
    this.#filter = options.only ?? (() => true);
    this.#verdict = {
      kind: 'refuse',
      status,
      reason: REASONS[status] ?? 'Unknown',
      message: options.message ?? `refused with ${status} by a fault switch`,
      retryAfterSeconds: options.retryAfterSeconds ?? 0,
    };
  }

  /** Accepts requests and never answers them. */
  hang(only: RequestFilter = () => true): void {
    this.#filter = only;
    this.#verdict = { kind: 'hang' };
  }

  /** Serves again. Requests that hang stay unanswered. */
  clear(): void {
    this.#verdict = { kind: 'serve' };
  }

  /** Cuts every open connection without a word, once; new ones are served. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Makes every resourceVersion known so far too old (410 Gone), as a compaction does. */
  expireHistory(): void {
    this.#expire();
  }

  judge(request: SeenRequest): FaultVerdict {
    return this.#filter(request) ? this.#verdict : { kind: 'serve' };
  }
}
