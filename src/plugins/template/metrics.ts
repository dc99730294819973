/** Names of the template directive's metrics, all of them CoreDNS's. */

export const TEMPLATE_METRICS = {
  /** Counter by `server`, `zone`, `view`, `class`, `type`. */
  matches: 'coredns_template_matches_total',
  /** Counters by the same and `section`, `template`: actions that failed, and records that are none. */
  templateFailures: 'coredns_template_template_failures_total',
  recordFailures: 'coredns_template_rr_failures_total',
} as const;
