/** Names of the cache directive's metrics, all of them CoreDNS's (docs/forwarding.md). */

export const CACHE_METRICS = {
  /** Gauge by `server`, `type`, `zones`, `view`, given as steps of +1 and -1. */
  entries: 'coredns_cache_entries',
  /** Counter by `server`, `type`, `zones`, `view`. */
  hits: 'coredns_cache_hits_total',
  /** Counters by `server`, `zones`, `view`. */
  requests: 'coredns_cache_requests_total',
  misses: 'coredns_cache_misses_total',
  prefetch: 'coredns_cache_prefetch_total',
  servedStale: 'coredns_cache_served_stale_total',
  /** Counter by `server`, `type`, `zones`, `view`. */
  evictions: 'coredns_cache_evictions_total',
} as const;
