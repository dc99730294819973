/** Options of the cache directive: plain data (CoreDNS plugin/cache). */
import type { Place } from '../../errors.js';

/** Bounds of one of the two kinds of answers. */
export interface CacheShare {
  /** Entries. */
  readonly capacity: number;
  /** Seconds; longer TTLs are cut to this. */
  readonly maxTtl: number;
  /** Seconds; shorter TTLs are raised to this. 0 leaves them alone, and TTL 0 is not kept. */
  readonly minTtl: number;
}

/** `prefetch AMOUNT [DURATION [PERCENTAGE%]]` */
export interface PrefetchOptions {
  readonly amount: number;
  readonly windowSeconds: number;
  readonly percentage: number;
}

/** When an expired answer is still given (RFC 8767). */
export interface StaleOptions {
  /** Seconds behind its end that an answer is kept; 0: never served stale. */
  readonly keepSeconds: number;
  /**
   * How long a fresh answer is waited for first: 0 is `immediate`; Infinity waits for the upstreams to
   * answer or fail.
   */
  readonly waitMs: number;
  /** Seconds, the TTL of every record of a stale answer. */
  readonly ttl: number;
  /** Seconds during which, after a failure, nothing is asked for that entry. */
  readonly recheckSeconds: number;
  readonly preferPositive: boolean;
}

export interface CacheOptions {
  /** Canonical zones of names that are cached. */
  readonly zones: readonly string[];
  readonly success: CacheShare;
  readonly denial: CacheShare;
  readonly prefetch?: PrefetchOptions;
  readonly stale: StaleOptions;
  /** Seconds that a SERVFAIL is kept, 0..300. */
  readonly servfailSeconds: number;
  /** Zones of which that kind is not cached. */
  readonly disableSuccess: readonly string[];
  readonly disableDenial: readonly string[];
  readonly keepTtl: boolean;
  readonly place: Place;
}

/** Defaults; TTLs and capacity are CoreDNS's, the lower bound and staleness are not (docs/forwarding.md). */
export const CACHE_DEFAULTS = {
  capacity: 9_984,
  successMaxTtl: 3_600,
  denialMaxTtl: 1_800,
  minTtl: 0,
  servfailSeconds: 5,
  /** On without `serve_stale`: only when no fresh answer is to be had in time (RFC 8767 §5). */
  stale: { keepSeconds: 3_600, waitMs: 1_800, ttl: 30, recheckSeconds: 5, preferPositive: false },
} as const;
