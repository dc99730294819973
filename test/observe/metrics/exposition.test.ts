/** /metrics over real HTTP, after traffic through a server put together by hand. */
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/observe/logger.js';
import { openMetricsEndpoint } from '../../../src/observe/metrics/metrics-endpoint.js';
import { MetricsRegistry } from '../../../src/observe/metrics/metrics-registry.js';
import { SeriesCollector } from '../../../src/observe/metrics/series-collector.js';
import { ThreadSeries } from '../../../src/observe/metrics/thread-series.js';
import { parseScrape, type Scrape, sampleValue } from './exposition-text.js';
import { MeasuredServer } from './measured-server.js';

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

async function scrape(
  registry: MetricsRegistry,
  { accept = '', runtimeMetrics = false } = {},
): Promise<{ type: string; text: string }> {
  const options = { address: '127.0.0.1', port: 0, runtimeMetrics, registry, logger: silentLogger };
  const endpoint = await openMetricsEndpoint(options);
  try {
    const url = `http://127.0.0.1:${endpoint.port}/metrics`;
    const response = await new Promise<IncomingMessage>((resolve) => {
      get(url, { headers: { accept }, agent: false }, resolve);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    expect(response.statusCode).toBe(200);
    return {
      type: response.headers['content-type'] ?? '',
      text: Buffer.concat(chunks).toString(),
    };
  } finally {
    await endpoint.close();
  }
}

describe('a server with traffic', () => {
  let server: MeasuredServer;
  let seen: Scrape;
  beforeAll(async () => {
    server = await MeasuredServer.start();
    await server.traffic();
    // what is no query: too short for a question, an unknown opcode, an EDNS version from the future
    await server.askBytes(Uint8Array.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    await server.askBytes(Uint8Array.from([0, 1, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    await server.ask({ qname: 'web.shop.svc.cluster.local.', edns: { version: 1 } });
    seen = parseScrape((await scrape(server.registry)).text);
  });
  afterAll(() => server.close());

  const block = { server: 'dns://:53', zone: '.', view: '' };
  const value = (name: string, labels: Record<string, string> = {}): number | undefined =>
    sampleValue(seen, name, labels);

  it('counts table answers under the block’s zone, by transport and type', () => {
    const requests = 'coredns_dns_requests_total';
    // three in the cluster and three names that go to the chain, twice or once
    expect(value(requests, { ...block, proto: 'udp', family: '1', type: 'A' })).toBe(8);
    expect(value(requests, { ...block, proto: 'tcp', family: '1', type: 'A' })).toBe(8);
    expect(value(requests, { ...block, proto: 'udp', family: '1', type: 'AAAA' })).toBe(1);
    const responses = 'coredns_dns_responses_total';
    expect(value(responses, { ...block, rcode: 'NOERROR', plugin: 'kubernetes' })).toBe(6);
    expect(value(responses, { ...block, rcode: 'NXDOMAIN', plugin: 'kubernetes' })).toBe(2);
    expect(value(responses, { ...block, rcode: 'NOERROR', plugin: '' })).toBe(4);
    expect(value(responses, { ...block, rcode: 'NXDOMAIN', plugin: '' })).toBe(4);
    expect(value(responses, { ...block, rcode: 'SERVFAIL', plugin: '' })).toBe(2);
    expect(value('coredns_dns_do_requests_total', block)).toBe(2);
  });

  it('observes as many sizes and durations as there were answers', () => {
    expect(value('coredns_dns_request_duration_seconds_count', block)).toBe(18);
    for (const proto of ['udp', 'tcp']) {
      for (const name of ['coredns_dns_request_size_bytes', 'coredns_dns_response_size_bytes']) {
        expect(value(`${name}_count`, { ...block, proto })).toBe(9);
        expect(value(`${name}_bucket`, { ...block, proto, le: '0' })).toBe(0);
        expect(value(`${name}_bucket`, { ...block, proto, le: '+Inf' })).toBe(9);
        expect(value(`${name}_sum`, { ...block, proto })).toBeGreaterThan(9 * 30);
      }
    }
  });

  it('counts what it refuses before it looks at names under the zone dropped', () => {
    const dropped = { server: 'dns://:53', zone: 'dropped' };
    const responses = 'coredns_dns_responses_total';
    expect(value('coredns_dns_requests_total', { ...dropped, type: 'other' })).toBe(3);
    for (const rcode of ['FORMERR', 'NOTIMP', 'BADVERS']) {
      expect(value(responses, { ...dropped, rcode }), rcode).toBe(1);
    }
  });

  it('says why queries went the slow way', () => {
    const slow = 'svcdns_slow_path_queries_total';
    expect(value(slow, { server: 'dns://:53', reason: 'other_zone' })).toBe(10);
  });

  it('tells of cache and upstreams, under today’s names and the old ones', () => {
    const zones = { server: 'dns://:53', zones: '.', view: '' };
    expect(value('coredns_cache_requests_total', zones)).toBe(10);
    const hits = ['success', 'denial'].map((type) =>
      value('coredns_cache_hits_total', { ...zones, type }),
    );
    expect(hits).toEqual([3, expect.any(Number)]);
    expect(value('coredns_cache_entries', { ...zones, type: 'success' })).toBe(1);
    const count = value('coredns_proxy_request_duration_seconds_count', { rcode: 'NOERROR' });
    expect(count).toBe(1);
    expect(value('coredns_forward_responses_total', { rcode: 'NOERROR' })).toBe(1);
    expect(value('coredns_forward_request_duration_seconds_count', { rcode: 'NOERROR' })).toBe(1);
    const [to] = seen.samples.filter(({ name }) => name === 'coredns_forward_requests_total');
    expect(to?.value).toBeGreaterThanOrEqual(3);
    expect(to?.labels['to']).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('tells of the API, the watches and the tables', () => {
    const kind = 'EndpointSlice';
    expect(value('svcdns_watch_synced', { kind })).toBe(1);
    expect(value('svcdns_watch_objects', { kind })).toBeGreaterThanOrEqual(1);
    expect(value('svcdns_watch_age_seconds', { kind })).toBeGreaterThanOrEqual(0);
    expect(value('svcdns_watch_events_total', { kind })).toBeGreaterThanOrEqual(1);
    expect(value('svcdns_watch_served_duration_seconds_count', { kind })).toBeGreaterThanOrEqual(1);
    expect(value('svcdns_table_names', { zone: 'cluster.local.' })).toBeGreaterThan(3);
    expect(value('svcdns_table_live_bytes', { zone: 'reverse' })).toBeGreaterThan(0);
    const api = 'coredns_kubernetes_rest_client';
    expect(value(`${api}_requests_total`, { code: '200', method: 'GET' })).toBeGreaterThan(0);
    expect(value(`${api}_request_duration_seconds_count`)).toBeGreaterThan(0);
  });

  it('times a change from what caused it to its answer', () => {
    const programming = 'coredns_kubernetes_dns_programming_duration_seconds';
    expect(value(`${programming}_count`, { service_kind: 'cluster_ip' })).toBe(1);
    expect(value(`${programming}_sum`, { service_kind: 'cluster_ip' })).toBeGreaterThan(0.03);
    expect(value(`${programming}_bucket`, { service_kind: 'cluster_ip', le: '0.016' })).toBe(0);
  });

  it('tells of itself', () => {
    const version = { version: '1.2.3', revision: 'abc', goversion: `node ${process.version}` };
    expect(value('coredns_build_info', version)).toBe(1);
    expect(value('coredns_plugin_enabled', { ...block, name: 'kubernetes' })).toBe(1);
    expect(value('coredns_panics_total')).toBe(0);
    expect(value('svcdns_listener_info', { implementation: 'plain' })).toBe(1);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(value('process_open_fds')).toBeGreaterThan(3);
    expect(value('process_max_fds')).toBeGreaterThan(3);
    expect(Date.now() / 1000 - (value('process_start_time_seconds') ?? 0)).toBeGreaterThan(0);
  });

  it('had a series for everything that was counted', () => {
    expect(value('svcdns_metrics_dropped_total')).toBeUndefined();
  });

  it('has cumulative buckets that end in the count', () => {
    const series = new Map<string, number[]>();
    for (const { name, labels, value: count } of seen.samples) {
      const { le, ...rest } = labels;
      if (le === undefined) continue;
      const key = `${name} ${JSON.stringify(rest)}`;
      series.set(key, [...(series.get(key) ?? []), count]);
    }
    expect(series.size).toBeGreaterThan(10);
    for (const counts of series.values()) expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });
});

describe('a block with a zone of its own', () => {
  it('is the label of what lies in it, and other names are dropped', async () => {
    const server = await MeasuredServer.start('cluster.local 10.in-addr.arpa');
    try {
      await server.ask({ qname: 'web.shop.svc.cluster.local.' });
      await server.ask({ qname: '9.9.0.10.in-addr.arpa.', qtype: 12 });
      await server.ask({ qname: 'web.shop.svc.cluster.local.', qclass: 3 });
      await server.ask({ qname: 'www.example.org.' });
      const seen = parseScrape((await scrape(server.registry)).text);
      const requests = 'coredns_dns_requests_total';
      expect(sampleValue(seen, requests, { zone: 'cluster.local.' })).toBe(2);
      expect(sampleValue(seen, requests, { zone: '10.in-addr.arpa.', type: 'PTR' })).toBe(1);
      expect(sampleValue(seen, requests, { zone: 'dropped', type: 'A' })).toBe(1);
      const responses = 'coredns_dns_responses_total';
      expect(sampleValue(seen, responses, { zone: 'dropped', rcode: 'REFUSED' })).toBe(1);
    } finally {
      await server.close();
    }
  });
});

describe('the text', () => {
  const collector = new SeriesCollector();
  const series = new ThreadSeries(collector.memoryOf(0));
  const registry = new MetricsRegistry({ collector, sources: [] });
  const odd = 'a"b\\c\nd';
  series.count('svcdns_forward_hedges_total', { to: odd });
  series.observe('coredns_health_request_duration_seconds', 0.001);

  it('is Prometheus’s own for a scraper that says nothing', async () => {
    const { type, text } = await scrape(registry);
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    const seen = parseScrape(text);
    expect(seen.types.get('svcdns_forward_hedges_total')).toBe('counter');
    expect(sampleValue(seen, 'svcdns_forward_hedges_total', { to: odd })).toBe(1);
    expect(text).not.toContain('# EOF');
  });

  it('is OpenMetrics for one that asks for it, and stays so at every scrape', async () => {
    for (let round = 0; round < 2; round++) {
      const { type, text } = await scrape(registry, { accept: OPEN_METRICS });
      expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
      expect(text.match(/^# EOF$/gm)).toHaveLength(1);
      expect(text.endsWith('# EOF\n')).toBe(true);
      const seen = parseScrape(text);
      // the family goes without the ending, the sample has it
      expect(seen.types.get('svcdns_forward_hedges')).toBe('counter');
      expect(sampleValue(seen, 'svcdns_forward_hedges_total', { to: odd })).toBe(1);
      const health = 'coredns_health_request_duration_seconds_bucket';
      expect(sampleValue(seen, health, { le: '0.0025' })).toBe(1);
    }
    expect(parseScrape((await scrape(registry)).text).types.get('coredns_panics_total')).toBe(
      'counter',
    );
  });

  it('names no metric of which there is no series', async () => {
    const { text } = await scrape(registry);
    expect(text).not.toContain('coredns_dns_requests_total');
  });

  it('holds the runtime’s own metrics where they are asked for, without saying anything twice', async () => {
    const plain = parseScrape((await scrape(registry)).text);
    expect(plain.samples.some(({ name }) => name.startsWith('nodejs_'))).toBe(false);
    for (const accept of ['', OPEN_METRICS]) {
      const { text } = await scrape(registry, { accept, runtimeMetrics: true });
      const seen = parseScrape(text);
      expect(sampleValue(seen, 'nodejs_heap_size_used_bytes')).toBeGreaterThan(0);
      expect(sampleValue(seen, 'process_resident_memory_bytes')).toBeGreaterThan(0);
    }
  });
});
