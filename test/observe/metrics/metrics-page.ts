/** The page about metrics, written from the catalog. */
import { METRIC_SECTIONS, type MetricSection } from '../../../src/observe/metrics/catalog.js';
import type { MetricDescription } from '../../../src/observe/metrics/metric-description.js';

const INTRODUCTION = `# Metrics

Served as \`/metrics\` where the [prometheus directive](corefile.md#prometheus) says, in Prometheus's text
format or as OpenMetrics. Names, labels and buckets of \`coredns_\` metrics are CoreDNS's, so that
dashboards and alerts need no change ([which ones were checked](grafana.md)); what only svcdns has begins
with \`svcdns_\`. With \`runtime_metrics\` Node's own \`nodejs_\` metrics are served too.

- \`server\` is the listener (\`dns://:53\`), \`zone\` the server block's zone, or \`dropped\` where no block
  owns the name or the query could not be read; \`view\` is always empty.
- \`type\` tells A, AAAA, CNAME, DNSKEY, DS, MX, NSEC, NSEC3, NS, PTR, RRSIG, SOA, SRV, TXT, HTTPS, SVCB, IXFR, AXFR
  and ANY apart; all others are \`other\`.
- \`family\` of an answer from a zone table is that of the address that the listener is bound to, and 1 on
  a socket for both families: looking closer would cost more than counting. Every other query is counted
  by its client's address.
- \`plugin\` of an answer from a zone table is \`kubernetes\`, of one from the cache without a way through the
  directives \`cache\`; of all others it is empty.
- Of the answers from zone tables and from the cache without a way through the directives, one in 64 is
  timed, and stands for the 63 behind it: the number of observations is exact, their spread is a sample.
  All other queries are timed one by one.
- Counters hold over all data workers and outlive them; a metric appears with its first count. A metric
  with more than 256 series on one thread (1024 where noted) counts what comes after under \`other\` in
  every label, and \`svcdns_metrics_dropped_total\` says so.
- A table's \`zone\` is a forward zone, \`reverse\` for all reverse zones, or \`clients\` for the pods' addresses.
- Reasons of \`svcdns_slow_path_queries_total\`: \`class\` (not IN), \`extra_records\` (TSIG and the like), \`type\`
  (transfers), \`other_zone\` (no table owns the name), \`not_ready\` (first lists not in), \`outside_target\` (an
  alias that leads out of the tables), \`fallthrough\`, \`search_path\`, \`pod_address\` (an IPv6 pod name).

This page is made from \`src/observe/metrics/catalog.ts\`; a test holds the two together.
`;

/** The whole page. */
export function metricsPage(): string {
  return [INTRODUCTION, ...METRIC_SECTIONS.map(sectionText)].join('\n');
}

function sectionText({ title, metrics }: MetricSection): string {
  const rows = metrics.map((metric) => [
    `\`${metric.name}\``,
    typeText(metric),
    metric.labels.map((label) => `\`${label}\``).join(', '),
    metric.help,
  ]);
  return `## ${title}\n\n${tableText(['metric', 'type', 'labels', 'meaning'], rows)}\n`;
}

function typeText({ type, buckets, maxSeries, across }: MetricDescription): string {
  const notes = [
    ...(buckets.length > 0 ? [`${buckets[0]}..${buckets.at(-1)}`] : []),
    ...(maxSeries === 256 ? [] : [`${maxSeries} series`]),
    ...(across === 'max' ? ['largest of the threads'] : []),
  ];
  return notes.length > 0 ? `${type} (${notes.join(', ')})` : type;
}

function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
