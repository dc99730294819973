/** What the benchmark makes of other programs' output and of readings. */
import { describe, expect, it } from 'vitest';
import { readOutput } from '../../bench/dnsperf.js';
import { benchOptions } from '../../bench/options.js';
import { median, percentile } from '../../bench/percentile.js';

const REPORT = `> NOERROR a.b.svc.cluster.local A 0.000591
> NXDOMAIN c.b.svc.cluster.local AAAA 0.001500
> T d.b.svc.cluster.local A

Statistics:

  Queries sent:         3
  Queries completed:    2 (66.67%)
  Queries lost:         1 (33.33%)

  Response codes:       NOERROR 1 (50.00%), NXDOMAIN 1 (50.00%)
  Average packet size:  request 33, response 63
  Run time (s):         2.000085
  Queries per second:   19998.650057
`;

describe('the report of dnsperf', () => {
  it('gives counts, rates and shares of rcodes', () => {
    const load = readOutput(REPORT);
    expect(load).toMatchObject({ completed: 2, lost: 1, queriesPerSecond: 19998.650057 });
    expect([...load.rcodes]).toEqual([
      ['NOERROR', 0.5],
      ['NXDOMAIN', 0.5],
    ]);
  });

  it('gives latencies in milliseconds, none for questions without an answer', () => {
    const { latencies } = readOutput(REPORT);
    expect([...latencies].map((value) => value.toFixed(3))).toEqual(['0.591', '1.500']);
  });
});

describe('order statistics', () => {
  it('takes the nearest rank', () => {
    const values = [5, 1, 4, 2, 3];
    expect(percentile(values, 0.5)).toBe(3);
    expect(percentile(values, 0.99)).toBe(5);
    expect(percentile(values, 1)).toBe(5);
  });

  it('has no percentile of no readings', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('takes the mean of the two in the middle for the median of an even number', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe('the command line of the benchmark', () => {
  it('measures everything and writes the page by default', () => {
    const options = benchOptions([]);
    expect(options.phases).toEqual(new Set(['load', 'change', 'scale']));
    expect(options.output).toBeUndefined();
  });

  it('measures some workloads only and writes no page', () => {
    const options = benchOptions(['--only', 'hit,mix', '--rounds', '2']);
    expect(options.workloads).toEqual(new Set(['hit', 'mix']));
    expect(options.phases).toEqual(new Set(['load']));
    expect(options).toMatchObject({ rounds: 2, output: '' });
  });

  it('names the workloads when one is unknown', () => {
    expect(() => benchOptions(['--only', 'hits'])).toThrow(/no workload hits[\s\S]*big-tcp/);
  });

  it('refuses numbers that count nothing', () => {
    expect(() => benchOptions(['--rounds', '0'])).toThrow(/--rounds 0/);
  });
});
