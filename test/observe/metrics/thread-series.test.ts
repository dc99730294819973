/** Counting on several threads' memory, added up on the main thread. */
import { describe, expect, it } from 'vitest';
import { metricCatalog } from '../../../src/observe/metrics/catalog.js';
import { SeriesCollector } from '../../../src/observe/metrics/series-collector.js';
import { ThreadSeries } from '../../../src/observe/metrics/thread-series.js';

const HITS = 'coredns_cache_hits_total';
const ENTRIES = 'coredns_cache_entries';
const DURATION = 'coredns_proxy_request_duration_seconds';
const DROPPED = 'svcdns_metrics_dropped_total';

/** The numbers of one metric by its label values. */
function numbersOf(collector: SeriesCollector, metric: string): Record<string, readonly number[]> {
  const series = collector.collect().get(metric) ?? [];
  return Object.fromEntries(series.map(({ values, numbers }) => [values.join('/'), numbers]));
}

describe('series', () => {
  it('are added up over threads, label by label', () => {
    const collector = new SeriesCollector();
    const [one, two] = [1, 2].map((thread) => new ThreadSeries(collector.memoryOf(thread)));
    one?.count(HITS, { server: 'dns://:53', type: 'success', zones: '.' });
    two?.count(HITS, { server: 'dns://:53', type: 'success', zones: '.', view: '' }, 5);
    two?.count(HITS, { server: 'dns://:53', type: 'denial', zones: '.' });
    expect(numbersOf(collector, HITS)).toEqual({
      'dns://:53/success/./': [6],
      'dns://:53/denial/./': [1],
    });
  });

  it('are seen as soon as they are counted, also those that begin between two looks', () => {
    const collector = new SeriesCollector();
    const series = new ThreadSeries(collector.memoryOf(0));
    series.count('svcdns_forward_hedges_total', { to: '192.0.2.1:53' });
    expect(numbersOf(collector, 'svcdns_forward_hedges_total')).toEqual({ '192.0.2.1:53': [1] });
    series.count('svcdns_forward_hedges_total', { to: '192.0.2.2:53' });
    series.count('svcdns_forward_hedges_total', { to: '192.0.2.1:53' });
    expect(numbersOf(collector, 'svcdns_forward_hedges_total')).toEqual({
      '192.0.2.1:53': [2],
      '192.0.2.2:53': [1],
    });
  });

  it('of a histogram fall into the first bucket that holds them, with their sum', () => {
    const collector = new SeriesCollector();
    const series = new ThreadSeries(collector.memoryOf(0));
    const labels = { proxy_name: 'forward', to: '192.0.2.1:53', rcode: 'NOERROR' };
    for (const value of [0, 0.00025, 0.0003, 8.192, 9, 100]) {
      series.observe(DURATION, value, labels);
    }
    series.histogram(DURATION, labels).observe(0.5, 3);
    const numbers = Object.values(numbersOf(collector, DURATION))[0] ?? [];
    // 16 bounds, what is above them, the sum
    expect(numbers.length).toBe(18);
    expect([numbers[0], numbers[1], numbers[15], numbers[16]]).toEqual([2, 1, 1, 2]);
    expect(numbers[11]).toBe(3);
    expect(numbers[17]).toBeCloseTo(0.00025 + 0.0003 + 8.192 + 109 + 1.5);
  });

  it('found beforehand are there from 0 on, and are counted in like others', () => {
    const collector = new SeriesCollector();
    const series = new ThreadSeries(collector.memoryOf(0));
    const handle = series.counter(HITS, { server: 'dns://:53', type: 'success', zones: '.' });
    expect(numbersOf(collector, HITS)).toEqual({ 'dns://:53/success/./': [0] });
    handle.add();
    handle.add(2);
    expect(numbersOf(collector, HITS)).toEqual({ 'dns://:53/success/./': [3] });
  });

  it('take what labels hold as it is, quotes, line ends and other scripts too', () => {
    const collector = new SeriesCollector();
    const series = new ThreadSeries(collector.memoryOf(0));
    const odd = 'a"b\\c\nd\u0000e ü 名';
    series.count('svcdns_forward_hedges_total', { to: odd });
    series.count('svcdns_forward_hedges_total', { to: 'x'.repeat(1000) });
    expect(numbersOf(collector, 'svcdns_forward_hedges_total')).toEqual({
      [odd]: [1],
      ['x'.repeat(128)]: [1],
    });
  });

  it('of gauges that every thread sets alike are not added up', () => {
    const collector = new SeriesCollector();
    for (const thread of [0, 1, 2]) {
      new ThreadSeries(collector.memoryOf(thread)).set('coredns_hosts_entries', 7);
    }
    expect(numbersOf(collector, 'coredns_hosts_entries')).toEqual({ '': [7] });
  });

  it('of a counter without labels are there before anything happened', () => {
    expect(numbersOf(new SeriesCollector(), 'coredns_panics_total')).toEqual({ '': [0] });
  });
});

describe('a thread in a dead one’s place', () => {
  it('goes on counting where that one was, and begins its gauges anew', () => {
    const collector = new SeriesCollector();
    const labels = { server: 'dns://:53', type: 'success', zones: '.' };
    const dead = new ThreadSeries(collector.memoryOf(1));
    dead.count(HITS, labels, 41);
    dead.count(ENTRIES, labels, 12);
    expect(numbersOf(collector, HITS)).toEqual({ 'dns://:53/success/./': [41] });

    const next = new ThreadSeries(collector.memoryOf(1));
    expect(numbersOf(collector, HITS)).toEqual({ 'dns://:53/success/./': [41] });
    expect(numbersOf(collector, ENTRIES)).toEqual({ 'dns://:53/success/./': [0] });
    next.count(HITS, labels);
    next.count(ENTRIES, labels, 3);
    expect(numbersOf(collector, HITS)).toEqual({ 'dns://:53/success/./': [42] });
    expect(numbersOf(collector, ENTRIES)).toEqual({ 'dns://:53/success/./': [3] });
  });
});

describe('what is too much', () => {
  it('is counted under other, and nothing is lost', () => {
    const collector = new SeriesCollector();
    const series = new ThreadSeries(collector.memoryOf(0));
    const metric = 'svcdns_forward_hedges_total';
    const limit = metricCatalog().get(metric)?.maxSeries ?? 0;
    for (let i = 0; i < limit + 100; i++) series.count(metric, { to: `192.0.2.1:${i}` });
    for (let i = 0; i < limit + 100; i++) series.count(metric, { to: `192.0.2.1:${i}` });
    const numbers = numbersOf(collector, metric);
    expect(Object.keys(numbers).length).toBe(limit + 1);
    expect(numbers['other']).toEqual([200]);
    expect(numbersOf(collector, DROPPED)['series_limit']).toEqual([200]);
  });

  it('for the memory is counted as dropped, and what is there counts on', () => {
    const collector = new SeriesCollector();
    const series = new ThreadSeries(collector.memoryOf(0));
    series.count('coredns_panics_total');
    series.count(DROPPED, { reason: 'memory_full' }, 0);
    for (const { name, type, labels, maxSeries } of metricCatalog().values()) {
      for (let i = 0; i < maxSeries && labels.length > 0; i++) {
        const values = Object.fromEntries(
          labels.map((label) => [label, `${i} ${'x'.repeat(120)}`]),
        );
        if (type === 'histogram') series.observe(name, 1, values);
        else series.count(name, values);
      }
    }
    series.count('coredns_panics_total');
    expect(numbersOf(collector, 'coredns_panics_total')).toEqual({ '': [2] });
    expect(numbersOf(collector, DROPPED)['memory_full']?.[0]).toBeGreaterThan(0);
  });

  it('or unknown is no reason to fail', () => {
    const collector = new SeriesCollector();
    const series = new ThreadSeries(collector.memoryOf(0));
    series.count('svcdns_no_such_total');
    series.observe('svcdns_no_such_seconds', 1);
    series.count('coredns_panics_total', { colour: 'red' });
    expect(numbersOf(collector, DROPPED)).toEqual({ unknown_metric: [2] });
    expect(numbersOf(collector, 'coredns_panics_total')).toEqual({ '': [1] });
  });
});
