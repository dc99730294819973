/** The catalog as data: its names, its page, and the names that directives count under. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRIC_SECTIONS, metricCatalog } from '../../../src/observe/metrics/catalog.js';
import { metricsPage } from './metrics-page.js';

const PAGE = new URL('../../../docs/metrics.md', import.meta.url);
const all = METRIC_SECTIONS.flatMap(({ metrics }) => metrics);
/** CoreDNS has it without a unit, or with one that Prometheus's advice would not give. */
const COREDNS_EXCEPTIONS = new Set(['coredns_cache_entries', 'coredns_hosts_entries']);

describe('names of metrics', () => {
  it('are there once each', () => {
    expect(metricCatalog().size).toBe(all.length);
  });

  for (const { name, type, labels, help, buckets } of all) {
    it(`${name} follows the rules`, () => {
      expect(name).toMatch(/^(coredns|svcdns|process)(_[a-z0-9]+)+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (type === 'histogram') {
        expect(name).toMatch(/_(seconds|bytes)$/);
        expect(buckets.length).toBeGreaterThan(0);
        expect([...buckets].sort((a, b) => a - b)).toEqual(buckets);
        expect(new Set(buckets).size).toBe(buckets.length);
      } else {
        expect(buckets).toEqual([]);
      }
      if (type === 'gauge' && !COREDNS_EXCEPTIONS.has(name)) {
        expect(name).toMatch(
          /_(seconds|bytes|info|enabled|fds|connected|synced|objects|names|workers)$/,
        );
      }
      for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(labels).not.toContain('le');
      expect(new Set(labels).size).toBe(labels.length);
      expect(help).toMatch(/^.{10,120}\.$/);
    });
  }
});

it('holds every name that a directive counts under', () => {
  const names = new Set<string>();
  const plugins = new URL('../../../src/plugins/', import.meta.url);
  for (const path of readdirSync(plugins, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue;
    const text = readFileSync(new URL(path, plugins), 'utf8');
    for (const [, name] of text.matchAll(/'((?:coredns|svcdns)_[a-z0-9_]+)'/g))
      names.add(name ?? '');
  }
  expect(names.size).toBeGreaterThan(20);
  for (const name of names) expect(metricCatalog().has(name), name).toBe(true);
});

it('is what the page says, and no other', () => {
  const page = metricsPage();
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, 'utf8')).toBe(page);
});

/** Name, type and labels in alphabetical order, as CoreDNS 1.15.0 served them after some queries. */
const SERVED_BY_COREDNS: readonly (readonly [string, string, string])[] = [
  ['coredns_acl_allowed_requests_total', 'counter', 'server view'],
  ['coredns_acl_blocked_requests_total', 'counter', 'server view zone'],
  ['coredns_acl_filtered_requests_total', 'counter', 'server view zone'],
  ['coredns_build_info', 'gauge', 'goversion revision version'],
  ['coredns_cache_entries', 'gauge', 'server type view zones'],
  ['coredns_cache_misses_total', 'counter', 'server view zones'],
  ['coredns_cache_requests_total', 'counter', 'server view zones'],
  ['coredns_dns_do_requests_total', 'counter', 'server view zone'],
  ['coredns_dns_request_duration_seconds', 'histogram', 'server view zone'],
  ['coredns_dns_request_size_bytes', 'histogram', 'proto server view zone'],
  ['coredns_dns_requests_total', 'counter', 'family proto server type view zone'],
  ['coredns_dns_response_size_bytes', 'histogram', 'proto server view zone'],
  ['coredns_dns_responses_total', 'counter', 'plugin rcode server view zone'],
  ['coredns_forward_healthcheck_broken_total', 'counter', ''],
  ['coredns_forward_max_concurrent_rejects_total', 'counter', ''],
  ['coredns_health_request_duration_seconds', 'histogram', ''],
  ['coredns_health_request_failures_total', 'counter', ''],
  ['coredns_hosts_entries', 'gauge', 'hostsfile'],
  ['coredns_hosts_reload_timestamp_seconds', 'gauge', ''],
  ['coredns_local_localhost_requests_total', 'counter', ''],
  ['coredns_panics_total', 'counter', ''],
  ['coredns_plugin_enabled', 'gauge', 'name server view zone'],
  ['coredns_proxy_conn_cache_misses_total', 'counter', 'proto proxy_name to'],
  ['coredns_proxy_healthcheck_failures_total', 'counter', 'proxy_name to'],
  ['coredns_reload_failed_total', 'counter', ''],
  ['coredns_template_matches_total', 'counter', 'class server type view zone'],
];

it('has the types and labels of CoreDNS', () => {
  for (const [name, type, labels] of SERVED_BY_COREDNS) {
    const metric = metricCatalog().get(name);
    expect([metric?.type, metric?.labels.toSorted().join(' ')], name).toEqual([type, labels]);
  }
});

it('has the buckets of CoreDNS', () => {
  const bucketsOf = (name: string): readonly number[] => metricCatalog().get(name)?.buckets ?? [];
  const powers = (from: number, factor: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => from * factor ** i);
  const near = (name: string, wanted: readonly number[]): void => {
    const buckets = bucketsOf(name);
    expect(buckets.length).toBe(wanted.length);
    for (const [i, bound] of buckets.entries()) expect(bound).toBeCloseTo(wanted[i] ?? -1, 10);
  };
  near('coredns_dns_request_duration_seconds', powers(0.00025, 2, 16));
  near('coredns_proxy_request_duration_seconds', powers(0.00025, 2, 16));
  near('coredns_health_request_duration_seconds', powers(0.00025, 10, 5));
  near('coredns_kubernetes_dns_programming_duration_seconds', powers(0.001, 2, 20));
});
