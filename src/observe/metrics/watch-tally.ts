/** What the control side counts as it happens: answers of the API, and how long changes took to be served. */
import type { ApiResponseReport } from '../../kube/api-client.js';
import type { KubeChange, KubeEndpointSlice } from '../../kube/objects.js';
import type { KubeSnapshot } from '../../kube/snapshot.js';
import type { ChangeBatch } from '../../kube/watch-source.js';
import type { ThreadSeries } from './thread-series.js';

const PROGRAMMING = 'coredns_kubernetes_dns_programming_duration_seconds';
const REST_CLIENT = 'coredns_kubernetes_rest_client';

/** Counts a request to the API (kube-watch's onResponse). */
export function countResponse(series: ThreadSeries, response: ApiResponseReport): void {
  const { verb, host, status, durationMs } = response;
  // client-go calls a request without any answer `<error>`; every request here is a GET
  const code = status === 0 ? '<error>' : String(status);
  series.count(`${REST_CLIENT}_requests_total`, { code, method: 'GET', host });
  const labels = { verb: verb.toUpperCase(), host };
  series.observe(`${REST_CLIENT}_request_duration_seconds`, durationMs / 1000, labels);
  series.observe(`${REST_CLIENT}_rate_limiter_duration_seconds`, 0, labels);
}

/**
 * Counts a published batch (ZoneSync's onPublished): per kind the time since its first event was read,
 * and per changed EndpointSlice the time since the change that caused it.
 * @param nowMs wall-clock milliseconds since 1970
 */
export function countPublished(
  series: ThreadSeries,
  batch: ChangeBatch,
  snapshot: KubeSnapshot,
  nowMs: number,
): void {
  const seconds = Math.max(0, nowMs - batch.receivedAt) / 1000;
  for (const kind of new Set(batch.changes.map((change) => change.kind))) {
    series.observe('svcdns_watch_served_duration_seconds', seconds, { kind });
  }
  for (const change of batch.changes) countProgrammed(series, change, snapshot, nowMs);
}

/** As CoreDNS: only changes of slices whose Service is known and that say when their cause was. */
function countProgrammed(
  series: ThreadSeries,
  { before, after }: KubeChange,
  snapshot: KubeSnapshot,
  nowMs: number,
): void {
  if (after?.kind !== 'EndpointSlice' || after.changeTriggeredAt === 0) return;
  // the same cause was counted already, when its first event came
  if (triggerOf(before) === after.changeTriggeredAt) return;
  const service = snapshot.service(after.namespace, after.serviceName);
  if (service === undefined) return;
  const seconds = Math.max(0, nowMs - after.changeTriggeredAt) / 1000;
  const service_kind = service.headless ? 'headless_with_selector' : 'cluster_ip';
  series.observe(PROGRAMMING, seconds, { service_kind });
}

function triggerOf(object: KubeChange['before']): KubeEndpointSlice['changeTriggeredAt'] {
  return object?.kind === 'EndpointSlice' ? object.changeTriggeredAt : 0;
}
