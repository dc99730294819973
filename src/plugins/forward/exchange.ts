/** What comes of sending one query over one socket. */
import type { MessageLayout } from './message-layout.js';

/** Why there is no answer. */
export type ExchangeFailure =
  /** Nothing usable came in time. */
  | 'timeout'
  /** The network or the host said no (ECONNREFUSED, EHOSTUNREACH ...). */
  | 'unreachable'
  /** The connection ended before the answer. */
  | 'closed'
  /** The TLS handshake failed, or the certificate is not the one wanted. */
  | 'tls'
  /** Something came that is no answer to the question. */
  | 'bad-answer'
  /** No socket to be had. */
  | 'no-socket';

/** An answer as bytes of its own (nobody else refers to them), its layout checked. */
export interface ExchangeAnswer {
  readonly kind: 'answer';
  readonly bytes: Uint8Array;
  readonly layout: MessageLayout;
}

export interface ExchangeFailed {
  readonly kind: 'failure';
  readonly reason: ExchangeFailure;
  /** For the log, where the system said more. */
  readonly detail?: string;
}

export type Exchange =
  | ExchangeAnswer
  | ExchangeFailed
  /** A header without a question: an error of a server that did not understand. */
  | { readonly kind: 'rcode-only'; readonly rcode: number }
  /** The question came back in another letter case. */
  | { readonly kind: 'wrong-case' };

export function exchangeFailed(reason: ExchangeFailure, detail?: string): ExchangeFailed {
  return { kind: 'failure', reason, ...(detail === undefined ? {} : { detail }) };
}

/** Reports what came over a socket and was not used: `wrong-question`, `malformed`, `late`. */
export type BadAnswerReporter = (reason: string) => void;
