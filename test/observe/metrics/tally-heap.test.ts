/** Counting an answer leaves the JavaScript heap as it is. */
import { PerformanceObserver } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { ListenerTally } from '../../../src/observe/metrics/listener-tally.js';
import { SeriesCollector } from '../../../src/observe/metrics/series-collector.js';
import { ThreadSeries } from '../../../src/observe/metrics/thread-series.js';
import { QueryScan, scanQuery } from '../../../src/wire/query-scan.js';
import { SLOW_FALLTHROUGH } from '../../../src/zone/answer-tally.js';
import { openZone } from '../../../src/zone/served-zone.js';
import { ZoneTable } from '../../../src/zone/zone-table.js';
import { queryBytes } from '../../chain/queries.js';

const ROUNDS = 1_000_000;

it('counts a million answers without allocating', async () => {
  const zone = 'cluster.local.';
  const table = new ZoneTable({ zone, ttlSeconds: 5, allowsShort: () => false }, 1024 * 1024);
  const served = openZone(
    {
      zone,
      kind: 'forward',
      table: table.buffer,
      ttlSeconds: 5,
      fallthrough: false,
      short: false,
      searchOutside: false,
    },
    0,
  );
  const tally = new ListenerTally({
    series: new ThreadSeries(new SeriesCollector().memoryOf(0)),
    server: 'dns://:53',
    transport: 'udp',
    address: '',
    zones: ['.'],
    now: () => performance.now(),
  });
  const scan = new QueryScan();
  const query = queryBytes({ qname: `web.shop.svc.${zone}`, edns: { dnssecOk: true } });
  scanQuery(query, 0, query.length, scan);
  const run = (rounds: number): void => {
    for (let i = 0; i < rounds; i++) {
      tally.arrived(query.length);
      if (i % 8 === 0) tally.passed(SLOW_FALLTHROUGH);
      else if (i % 8 === 1) tally.cached(scan, 0, 90);
      else if (i % 8 === 2) tally.refused(1, 12);
      else tally.answered(served, scan, i & 3, 60 + (i & 1023));
    }
  };
  run(100_000);
  // the optimising compiler may be late on a busy machine: the best of a few runs counts
  const collections: number[] = [];
  for (let i = 0; i < 6 && collections.at(-1) !== 0; i++) {
    collections.push(await collectionsDuring(() => run(ROUNDS)));
  }
  expect(Math.min(...collections)).toBeLessThanOrEqual(1);
});

/** How often the garbage collector ran while a function did. */
async function collectionsDuring(work: () => void): Promise<number> {
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    count += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  work();
  // entries are handed over in a later turn
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  observer.disconnect();
  return count;
}
