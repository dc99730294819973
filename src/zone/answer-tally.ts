/** What a fast answerer tells whoever counts; called for every query, so nothing here may allocate. */
import type { QueryScan } from '../wire/query-scan.js';
import type { ServedZone } from './served-zone.js';

/** Why a query is handed to the chain: an index of {@link SLOW_PATH_REASONS}. */
export type SlowPathReason = number;

/** Names of the reasons, for the metric's label. */
export const SLOW_PATH_REASONS = [
  'class',
  'extra_records',
  'type',
  'other_zone',
  'not_ready',
  'outside_target',
  'fallthrough',
  'search_path',
  'pod_address',
] as const;

/** Another class than IN. */
export const SLOW_CLASS: SlowPathReason = 0;
/** Records besides OPT: TSIG, the SOA of an IXFR. */
export const SLOW_EXTRA_RECORDS: SlowPathReason = 1;
/** Transfers, and types that are no question. */
export const SLOW_TYPE: SlowPathReason = 2;
/** No table is asked for the name. */
export const SLOW_OTHER_ZONE: SlowPathReason = 3;
/** The first lists are not in. */
export const SLOW_NOT_READY: SlowPathReason = 4;
/** The answer is elsewhere: an alias whose target is not in the tables. */
export const SLOW_OUTSIDE_TARGET: SlowPathReason = 5;
/** The name does not exist here, and the next directive may know it. */
export const SLOW_FALLTHROUGH: SlowPathReason = 6;
/** An outside name behind a pod's search path. */
export const SLOW_SEARCH_PATH: SlowPathReason = 7;
/** A pod's name with an IPv6 address in one of its spellings. */
export const SLOW_POD_ADDRESS: SlowPathReason = 8;

/** Counts what one listener answers. Calls between two `arrived` belong to one query. */
export interface AnswerTally {
  /** A query of so many octets is in hand. */
  arrived(octets: number): void;
  /** It was answered from a zone's table. `scan` holds it until the call returns. */
  answered(zone: ServedZone, scan: QueryScan, rcode: number, octets: number): void;
  /** It was answered from a cache in front of the chain. */
  cached?(scan: QueryScan, rcode: number, octets: number): void;
  /** It was answered with an error before any zone was looked for (FORMERR, NOTIMP, BADVERS). */
  refused(rcode: number, octets: number): void;
  /** It is handed to the chain. */
  passed(reason: SlowPathReason): void;
}
