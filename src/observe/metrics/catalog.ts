/**
 * Every metric, once. Names, labels and buckets of `coredns_` metrics are CoreDNS's (its plugin pages);
 * what only svcdns has begins with `svcdns_`; `process_` and `nodejs_` are those of Prometheus clients.
 */
import {
  API_TIME_BUCKETS,
  DNS_TIME_BUCKETS,
  HEALTH_TIME_BUCKETS,
  MESSAGE_SIZE_BUCKETS,
  PROGRAMMING_TIME_BUCKETS,
  SERVED_TIME_BUCKETS,
} from './buckets.js';
import { counter, gauge, histogram, type MetricDescription } from './metric-description.js';

/** Metrics of one subject, a section of docs/metrics.md. */
export interface MetricSection {
  readonly title: string;
  readonly metrics: readonly MetricDescription[];
}

const BLOCK = ['server', 'zone', 'view'];
const CACHE = ['server', 'zones', 'view'];
const CACHE_TYPE = ['server', 'type', 'zones', 'view'];
const PROXY = ['proxy_name', 'to'];
const TEMPLATE = ['server', 'zone', 'view', 'class', 'type'];
/** Blocks times types times the rest: the widest metrics of all. */
const WIDE = { maxSeries: 1024 };

const queries: MetricSection = {
  title: 'Queries and answers',
  metrics: [
    counter(
      'coredns_dns_requests_total',
      ['server', 'zone', 'view', 'proto', 'family', 'type'],
      'Queries by server block, transport, address family (1 IPv4, 2 IPv6) and type.',
      WIDE,
    ),
    counter(
      'coredns_dns_responses_total',
      ['server', 'zone', 'view', 'rcode', 'plugin'],
      'Answers by response code; the plugin is kubernetes where the zone table answered.',
      WIDE,
    ),
    histogram(
      'coredns_dns_request_duration_seconds',
      BLOCK,
      DNS_TIME_BUCKETS,
      'Time from a query in hand to its answer; of table answers one in 64 is timed.',
    ),
    histogram(
      'coredns_dns_request_size_bytes',
      ['server', 'zone', 'view', 'proto'],
      MESSAGE_SIZE_BUCKETS,
      'Size of queries.',
    ),
    histogram(
      'coredns_dns_response_size_bytes',
      ['server', 'zone', 'view', 'proto'],
      MESSAGE_SIZE_BUCKETS,
      'Size of answers.',
    ),
    counter('coredns_dns_do_requests_total', BLOCK, 'Queries with the DNSSEC OK bit.'),
    counter(
      'coredns_dns_https_responses_total',
      ['server', 'status'],
      'HTTP statuses that DNS over HTTPS answered with.',
    ),
    counter(
      'coredns_panics_total',
      [],
      'Faults of the program itself that an answer was lost to, or that a data worker died of.',
    ),
    counter(
      'svcdns_slow_path_queries_total',
      ['server', 'reason'],
      'Queries that the zone tables handed on to the directives, by reason.',
    ),
  ],
};

const cache: MetricSection = {
  title: 'Cache',
  metrics: [
    gauge('coredns_cache_entries', CACHE_TYPE, 'Answers held, by type (success, denial).'),
    counter('coredns_cache_hits_total', CACHE_TYPE, 'Answers from the cache, by type.'),
    counter('coredns_cache_requests_total', CACHE, 'Queries that the cache was asked for.'),
    counter('coredns_cache_misses_total', CACHE, 'Queries that the cache had no answer to.'),
    counter(
      'coredns_cache_prefetch_total',
      CACHE,
      'Popular answers fetched anew before their end.',
    ),
    counter(
      'coredns_cache_drops_total',
      CACHE,
      'Upstream answers that did not fit their question.',
    ),
    counter(
      'coredns_cache_served_stale_total',
      CACHE,
      'Expired answers given because no fresh one was to be had in time.',
    ),
    counter('coredns_cache_evictions_total', CACHE_TYPE, 'Answers thrown out for others.'),
  ],
};

const forward: MetricSection = {
  title: 'Forwarding',
  metrics: [
    histogram(
      'coredns_proxy_request_duration_seconds',
      [...PROXY, 'rcode'],
      DNS_TIME_BUCKETS,
      'Time until an upstream answered, by upstream and response code.',
    ),
    counter('coredns_proxy_healthcheck_failures_total', PROXY, 'Health checks without an answer.'),
    counter(
      'coredns_proxy_conn_cache_hits_total',
      [...PROXY, 'proto'],
      'Questions for which a connection was at hand.',
    ),
    counter(
      'coredns_proxy_conn_cache_misses_total',
      [...PROXY, 'proto'],
      'Questions for which a connection had to be opened.',
    ),
    counter(
      'coredns_forward_healthcheck_broken_total',
      [],
      'Questions that came while every upstream was down.',
    ),
    counter(
      'coredns_forward_max_concurrent_rejects_total',
      [],
      'Questions refused because max_concurrent others were under way.',
    ),
    counter(
      'coredns_forward_requests_total',
      ['to'],
      'Questions answered by an upstream; an old name, made from coredns_proxy_request_duration_seconds.',
    ),
    counter(
      'coredns_forward_responses_total',
      ['to', 'rcode'],
      'Answers by upstream and response code; an old name, made in the same way.',
    ),
    histogram(
      'coredns_forward_request_duration_seconds',
      ['to', 'rcode'],
      DNS_TIME_BUCKETS,
      'Time until an upstream answered; an old name, made in the same way.',
    ),
    counter(
      'coredns_forward_healthcheck_failures_total',
      ['to'],
      'Health checks without an answer; an old name of coredns_proxy_healthcheck_failures_total.',
    ),
    counter('svcdns_forward_coalesced_total', [], 'Questions that joined the same one in flight.'),
    counter(
      'svcdns_forward_hedges_total',
      ['to'],
      'Questions asked once more because another upstream was late.',
    ),
    counter(
      'svcdns_forward_bad_answers_total',
      ['to', 'reason'],
      'Messages from the address of an upstream that were not used.',
    ),
    counter(
      'svcdns_forward_tcp_retries_total',
      ['to'],
      'Truncated answers that were asked for again over TCP.',
    ),
    counter('svcdns_forward_loops_total', ['to'], 'Times an upstream was found to lead back here.'),
  ],
};

const kubernetes: MetricSection = {
  title: 'Kubernetes',
  metrics: [
    histogram(
      'coredns_kubernetes_dns_programming_duration_seconds',
      ['service_kind'],
      PROGRAMMING_TIME_BUCKETS,
      'From the change that an EndpointSlice notes as its cause until its names were answered so.',
    ),
    histogram(
      'coredns_kubernetes_rest_client_request_duration_seconds',
      ['verb', 'host'],
      API_TIME_BUCKETS,
      'Time until the head of an answer of the API was in.',
    ),
    histogram(
      'coredns_kubernetes_rest_client_rate_limiter_duration_seconds',
      ['verb', 'host'],
      API_TIME_BUCKETS,
      'Time that requests to the API were held back; always 0: nothing limits them here.',
    ),
    counter(
      'coredns_kubernetes_rest_client_requests_total',
      ['code', 'method', 'host'],
      'Requests to the API by HTTP status.',
    ),
    gauge(
      'svcdns_watch_age_seconds',
      ['kind'],
      'Since the last event, bookmark or list of a watch came in.',
    ),
    gauge('svcdns_watch_connected', ['kind'], '1 while list or watch is working, else 0.'),
    gauge('svcdns_watch_synced', ['kind'], '1 once the first list is in, else 0.'),
    gauge('svcdns_watch_objects', ['kind'], 'Objects held.'),
    counter('svcdns_watch_listed_total', ['kind'], 'Objects taken from lists.'),
    counter('svcdns_watch_events_total', ['kind'], 'Added, modified and deleted events.'),
    counter(
      'svcdns_watch_bookmarks_total',
      ['kind'],
      'Bookmarks: words of a watch without a change.',
    ),
    counter('svcdns_watch_relists_total', ['kind'], 'Whole lists after the first one.'),
    counter('svcdns_watch_resumes_total', ['kind'], 'Watches begun from a known version.'),
    counter('svcdns_watch_silences_total', ['kind'], 'Streams given up because nothing came.'),
    counter('svcdns_watch_duplicates_total', ['kind'], 'Events that came a second time.'),
    counter('svcdns_watch_skipped_total', ['kind'], 'Objects that DNS has no use for.'),
    counter(
      'svcdns_watch_differences_total',
      ['kind'],
      'Differences to the API that a comparison found and had mended.',
    ),
    counter('svcdns_watch_failures_total', ['kind', 'reason'], 'Failed lists and watches.'),
    histogram(
      'svcdns_watch_served_duration_seconds',
      ['kind'],
      SERVED_TIME_BUCKETS,
      'From an event on the socket until its names are answered so, once per kind and batch.',
    ),
    gauge('svcdns_table_names', ['zone'], 'Names that are answered from a table.'),
    gauge('svcdns_table_live_bytes', ['zone'], 'Octets of a table in use.'),
    gauge('svcdns_table_taken_bytes', ['zone'], 'Octets of a table taken from the system.'),
  ],
};

const directives: MetricSection = {
  title: 'Other directives',
  metrics: [
    gauge(
      'coredns_plugin_enabled',
      ['server', 'zone', 'view', 'name'],
      'Directives in force; always 1.',
      WIDE,
    ),
    histogram(
      'coredns_health_request_duration_seconds',
      [],
      HEALTH_TIME_BUCKETS,
      'Time that the server took to answer its own health check.',
    ),
    counter('coredns_health_request_failures_total', [], 'Own health checks without an answer.'),
    counter('coredns_reload_failed_total', [], 'Changed Corefiles that could not be taken over.'),
    gauge(
      'coredns_reload_version_info',
      ['hash', 'value'],
      'Always 1; the value is the digest of the Corefile in force.',
    ),
    gauge('coredns_hosts_entries', ['hostsfile'], 'Entries of hosts files and inline hosts.', {
      across: 'max',
    }),
    gauge(
      'coredns_hosts_reload_timestamp_seconds',
      [],
      'When a hosts file was last read, in seconds since 1970.',
      { across: 'max' },
    ),
    counter('coredns_acl_blocked_requests_total', BLOCK, 'Queries refused by acl.'),
    counter('coredns_acl_filtered_requests_total', BLOCK, 'Queries answered empty by acl.'),
    counter('coredns_acl_dropped_requests_total', BLOCK, 'Queries dropped by acl.'),
    counter(
      'coredns_acl_allowed_requests_total',
      ['server', 'view'],
      'Queries let through by acl.',
    ),
    counter('coredns_template_matches_total', TEMPLATE, 'Queries that a template matched.'),
    counter(
      'coredns_template_template_failures_total',
      [...TEMPLATE, 'section', 'template'],
      'Templates that could not be filled in.',
    ),
    counter(
      'coredns_template_rr_failures_total',
      [...TEMPLATE, 'section', 'template'],
      'Filled-in templates that are no record.',
    ),
    counter('coredns_autopath_success_total', ['server'], 'Names found along a search path.'),
    counter('coredns_local_localhost_requests_total', [], 'Queries for localhost names.'),
    counter('coredns_dns64_requests_translated_total', ['server'], 'AAAA made from A records.'),
  ],
};

const process: MetricSection = {
  title: 'The process',
  metrics: [
    gauge(
      'coredns_build_info',
      ['version', 'revision', 'goversion'],
      "Always 1; the version of svcdns, with the runtime's in place of Go's.",
    ),
    gauge(
      'svcdns_listener_info',
      ['server', 'transport', 'implementation'],
      'Always 1; how the datagrams and connections of a listener are handled.',
    ),
    gauge('svcdns_workers', [], 'Data workers; 0: the main thread answers.'),
    counter('svcdns_worker_restarts_total', [], 'Data workers that died and were replaced.'),
    counter(
      'svcdns_metrics_dropped_total',
      ['reason'],
      'Counts that found no series: unknown metric, too many series, or memory full.',
    ),
    counter('process_cpu_seconds_total', [], 'CPU time of all threads, user and system.'),
    gauge('process_resident_memory_bytes', [], 'Resident memory.'),
    gauge('process_virtual_memory_bytes', [], 'Address space.'),
    gauge('process_open_fds', [], 'Open file descriptors.'),
    gauge('process_max_fds', [], 'File descriptors that may be open at once.'),
    gauge('process_start_time_seconds', [], 'Start of the process in seconds since 1970.'),
  ],
};

/** In the order of the page. */
export const METRIC_SECTIONS: readonly MetricSection[] = [
  queries,
  cache,
  forward,
  kubernetes,
  directives,
  process,
];

/** All metrics by name. */
export function metricCatalog(): ReadonlyMap<string, MetricDescription> {
  const all = METRIC_SECTIONS.flatMap(({ metrics }) => metrics);
  return new Map(all.map((metric) => [metric.name, metric]));
}
