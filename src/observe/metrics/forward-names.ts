/**
 * The names that the forward directive's metrics had before CoreDNS 1.11, made from today's: published
 * dashboards and alerts still ask for them.
 */
import type { CollectedSeries } from './series-collector.js';

const DURATION = 'coredns_proxy_request_duration_seconds';
const FAILURES = 'coredns_proxy_healthcheck_failures_total';

/** Series of the old metrics, by name. */
export function oldForwardNames(
  collected: ReadonlyMap<string, readonly CollectedSeries[]>,
): ReadonlyMap<string, readonly CollectedSeries[]> {
  const durations = collected.get(DURATION) ?? [];
  // label values: proxy_name, to, rcode
  const byAnswer = durations.map(({ values: [, to = '', rcode = ''], numbers }) => ({
    values: [to, rcode],
    numbers,
  }));
  const responses = byAnswer.map(({ values, numbers }) => ({ values, numbers: [total(numbers)] }));
  const requests = new Map<string, number>();
  for (const {
    values: [to = ''],
    numbers: [count = 0],
  } of responses) {
    requests.set(to, (requests.get(to) ?? 0) + count);
  }
  return new Map([
    ['coredns_forward_request_duration_seconds', byAnswer],
    ['coredns_forward_responses_total', responses],
    [
      'coredns_forward_requests_total',
      [...requests].map(([to, count]) => ({ values: [to], numbers: [count] })),
    ],
    [
      'coredns_forward_healthcheck_failures_total',
      (collected.get(FAILURES) ?? []).map(({ values: [, to = ''], numbers }) => ({
        values: [to],
        numbers,
      })),
    ],
  ]);
}

/** Observations of a histogram: everything but the sum at the end. */
function total(numbers: readonly number[]): number {
  return numbers.slice(0, -1).reduce((sum, number) => sum + number, 0);
}
