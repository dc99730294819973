/** Names of the forward directive's metrics: CoreDNS's where both have them, `svcdns_` for the rest (docs/forwarding.md). */

export const FORWARD_METRICS = {
  /** Histogram of seconds by `proxy_name`, `to`, `rcode`. */
  requestDuration: 'coredns_proxy_request_duration_seconds',
  /** Counter by `proxy_name`, `to`. */
  healthcheckFailures: 'coredns_proxy_healthcheck_failures_total',
  /** Counters by `proxy_name`, `to`, `proto`: whether a TCP or TLS connection was at hand. */
  connectionHits: 'coredns_proxy_conn_cache_hits_total',
  connectionMisses: 'coredns_proxy_conn_cache_misses_total',
  /** Counter: all upstreams were down when a question came. */
  healthcheckBroken: 'coredns_forward_healthcheck_broken_total',
  /** Counter: questions refused over `max_concurrent`. */
  concurrentRejects: 'coredns_forward_max_concurrent_rejects_total',
  /** Counter: questions that joined an identical one in flight. */
  coalesced: 'svcdns_forward_coalesced_total',
  /** Counter by `to`: extra questions asked because another upstream was late. */
  hedges: 'svcdns_forward_hedges_total',
  /** Counter by `to`, `reason`: what came from an upstream's address and was not used. */
  badAnswers: 'svcdns_forward_bad_answers_total',
  /** Counter by `to`: truncated answers asked again over TCP. */
  truncated: 'svcdns_forward_tcp_retries_total',
  /** Counter by `to`: times that an upstream was found to lead back here. */
  loops: 'svcdns_forward_loops_total',
} as const;

/** The value of CoreDNS's `proxy_name` label. */
export const PROXY_NAME = 'forward';
