/** The one door between sockets and answers: bytes in, bytes out, the same for UDP, TCP, DoT and DoH. */
import type { MessageSink } from '../chain/message-sink.js';
import type { Client } from '../chain/query.js';
import type { StreamSettings } from './stream-settings.js';

/** From {@link Answerer.answer}: nothing is to be sent. */
export const NO_REPLY = 0;
/** From {@link Answerer.answer}: the answer has to be asked for with {@link Answerer.resolve}. */
export const ASK_CHAIN = -1;

/**
 * Answers of one listener (server label, transport, address family).
 *
 * Nothing here throws for what a peer sends, and nothing is ever answered to a response (QR=1).
 */
export interface Answerer {
  /**
   * Answers from finished bytes where that is possible; allocates nothing and keeps no reference.
   *
   * @param query holds the message at `start`, `length` octets (0..65535) long
   * @param out takes the reply at `outStart`; `capacity` octets may be written (UDP: at least 4096, streams: 65535)
   * @returns octets written (> 0), {@link NO_REPLY}, or {@link ASK_CHAIN}
   */
  answer(
    query: Uint8Array,
    start: number,
    length: number,
    out: Uint8Array,
    outStart: number,
    capacity: number,
  ): number;

  /**
   * Answers a query that {@link answer} handed back. `query` becomes the answerer's own: the caller
   * passes a copy. Never rejects; undefined means that nothing is sent.
   * @param sink of a stream connection: takes the messages in front of the reply, where there are several
   */
  resolve(query: Uint8Array, client: Client, sink?: MessageSink): Promise<Uint8Array | undefined>;
}

/** A bound socket that answers. */
export interface Listener {
  /** As CoreDNS labels it, `dns://:53`. */
  readonly server: string;
  readonly transport: Client['transport'];
  /** Which implementation runs: for the log, the metrics and -version. */
  readonly implementation: string;
  readonly address: string;
  /** The port really bound. */
  readonly port: number;
  /** Swaps the answers, at a reload, without touching the socket. */
  setAnswerer(answerer: Answerer): void;
  /**
   * Takes other limits and certificates over, at a reload; absent where there are none.
   * @throws SvcdnsError CERTIFICATE_INVALID or FILE_UNREADABLE; nothing is changed then
   */
  configure?(settings: StreamSettings): void;
  /** Takes no more queries, lets those in flight finish for at most `drainMs`, closes. */
  close(drainMs: number): Promise<void>;
}
