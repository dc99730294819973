/** The contract of a step in a server block's chain. */
import type { Query } from './query.js';
import type { Reply } from './reply.js';

/** The rest of the chain behind a handler; the chain's end answers SERVFAIL (no block matched: REFUSED). */
export type Next = (query: Query) => Promise<Reply>;

/** A directive's answering part. It answers, or hands on to `next` and may change what comes back. */
export interface Handler {
  /** The directive's name, for logs, traces and metrics. */
  readonly name: string;
  /**
   * Called once per query, concurrently. Must settle; a rejection is logged once and answered SERVFAIL.
   */
  handle(query: Query, next: Next): Promise<Reply>;
  /** Gives back what the handler holds (sockets, timers); called once, when its plan is replaced or the server ends. */
  close?(): Promise<void>;
}
