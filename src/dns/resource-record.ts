/** Resource records as plain data: the form of everything that is not on the hot path. */
import type { RRClass } from './rrclass.js';
import type { RRType } from './rrtype.js';

/** One record; `rdata` is wire form with every name in it written out (no compression pointers). */
export interface ResourceRecord {
  /** Owner name in text form, absolute, letter case as it came. */
  readonly owner: string;
  readonly type: RRType;
  readonly class: RRClass;
  /** Seconds, 0..2^31-1 (RFC 2181 §8). */
  readonly ttl: number;
  readonly rdata: Uint8Array;
}

/** The question of a message. */
export interface Question {
  /** The name in text form, absolute, letter case as asked. */
  readonly qname: string;
  readonly qtype: RRType;
  readonly qclass: RRClass;
}
