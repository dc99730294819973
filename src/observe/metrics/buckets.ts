/** Upper bounds of the histograms: CoreDNS's where both have the metric, so that dashboards need no change. */

/** 0.00025 · 2^i seconds, i = 0..15: queries and upstreams. */
export const DNS_TIME_BUCKETS: readonly number[] = [
  0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024,
  2.048, 4.096, 8.192,
];

/** 0.00025 · 10^i seconds, i = 0..4: the health check of the server by itself. */
export const HEALTH_TIME_BUCKETS: readonly number[] = [0.00025, 0.0025, 0.025, 0.25, 2.5];

/** Octets of DNS messages. */
export const MESSAGE_SIZE_BUCKETS: readonly number[] = [
  0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16000, 32000, 48000, 64000,
];

/** 0.001 · 2^i seconds, i = 0..19: from a change in the cluster to its answer. */
export const PROGRAMMING_TIME_BUCKETS: readonly number[] = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192,
  16.384, 32.768, 65.536, 131.072, 262.144, 524.288,
];

/** What Prometheus clients take by default, in seconds: requests to the API. */
export const API_TIME_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** 0.00025 · 2^i seconds, i = 0..17, to half a minute: from an event of a watch to its answer. */
export const SERVED_TIME_BUCKETS: readonly number[] = [...DNS_TIME_BUCKETS, 16.384, 32.768];
