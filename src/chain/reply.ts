/** What a handler gives back: records, or a finished message's bytes, or nothing at all. */
import type { Rcode } from '../dns/rcode.js';
import type { ResourceRecord } from '../dns/resource-record.js';
import type { EdnsOption } from './query.js';

/** A reply as records; ID, question, RD, CD, OPT and truncation are the response writer's. */
export interface RecordsReply {
  readonly kind: 'records';
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  /** An upstream's TC that could not be cured. */
  readonly truncated: boolean;
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** Without OPT. */
  readonly additional: readonly ResourceRecord[];
  /** Extended DNS error to add when the client sent EDNS (RFC 8914). */
  readonly extendedError?: ExtendedError;
  /** EDNS options of ours to add when the client sent EDNS (`nsid`). */
  readonly options?: readonly EdnsOption[];
  /** RD of the reply where it is not to be that of the query (`header`). */
  readonly recursionDesired?: boolean;
  /**
   * What follows the answer in further messages (zone transfers), a few records at a time. Only where the
   * client is on a stream connection; read once, or not at all.
   */
  readonly rest?: AsyncIterable<readonly ResourceRecord[]>;
}

/**
 * A whole message that answers this very question (same qname but for letter case, qtype, qclass),
 * well formed, without the writer's part: the writer patches ID, RD and CD, puts the question as it was
 * asked, drops and re-makes OPT, and cuts it to size.
 */
export interface BytesReply {
  readonly kind: 'bytes';
  readonly bytes: Uint8Array;
}

/** No answer is sent at all (acl drop, a packet that must stay unanswered). */
export interface DropReply {
  readonly kind: 'drop';
}

export type Reply = RecordsReply | BytesReply | DropReply;

/** An extended DNS error (RFC 8914). */
export interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

/** The sections and flags of a records reply; what is left out is empty or false. */
export type ReplyParts = Partial<Omit<RecordsReply, 'kind' | 'rcode'>>;

/** A reply of records. */
export function recordsReply(rcode: Rcode, parts: ReplyParts = {}): RecordsReply {
  return {
    kind: 'records',
    rcode,
    authoritative: false,
    recursionAvailable: false,
    authenticData: false,
    truncated: false,
    answer: [],
    authority: [],
    additional: [],
    ...parts,
  };
}

/** The reply that is none. */
export const DROP: DropReply = { kind: 'drop' };
