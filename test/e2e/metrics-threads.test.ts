/** Threads that count while the main thread reads: nothing is lost, nothing goes back, also when one dies. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { SeriesCollector } from '../../src/observe/metrics/series-collector.js';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const METRIC = 'svcdns_forward_hedges_total';
const DURATION = 'coredns_proxy_request_duration_seconds';
const THREADS = [1, 2, 3];
const ROUNDS = 20_000;

/** Counts `rounds` times under labels of its own and shared ones, then waits to be ended. */
const COUNTER = `
  const { workerData, parentPort } = require('node:worker_threads');
  (async () => {
    const { dist, memory, thread, rounds } = workerData;
    const { ThreadSeries } = await import(dist + 'observe/metrics/thread-series.js');
    const series = new ThreadSeries(memory);
    for (let i = 0; i < rounds; i++) {
      series.count('${METRIC}', { to: 'shared' });
      series.count('${METRIC}', { to: 'label ' + (i % 100) });
      series.observe('${DURATION}', (i % 10) / 1000, { proxy_name: 'forward', to: 't' + thread, rcode: 'NOERROR' });
    }
    parentPort.on('message', () => {});
    parentPort.postMessage('done');
  })();
`;

function startThread(memory: SharedArrayBuffer, thread: number): Worker {
  return new Worker(COUNTER, { eval: true, workerData: { dist, memory, thread, rounds: ROUNDS } });
}

function sharedCount(collector: SeriesCollector): number {
  const series = collector.collect().get(METRIC) ?? [];
  return series.find(({ values }) => values[0] === 'shared')?.numbers[0] ?? 0;
}

it('adds up what all threads count, sees it grow only, and keeps what dead threads counted', async () => {
  const collector = new SeriesCollector();
  for (let life = 1; life <= 2; life++) {
    const workers = THREADS.map((thread) => startThread(collector.memoryOf(thread), thread));
    const done = workers.map((worker) => once(worker, 'message'));
    let counting = true;
    const all = Promise.all(done).finally(() => {
      counting = false;
    });
    let last = sharedCount(collector);
    while (counting) {
      const now = sharedCount(collector);
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await all;
    // ended without a word: what they counted stays
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(sharedCount(collector)).toBe(life * THREADS.length * ROUNDS);
  }
  const labels = collector.collect().get(METRIC) ?? [];
  expect(labels.length).toBe(101);
  const own = labels.filter(({ values }) => values[0] !== 'shared');
  for (const { numbers } of own) expect(numbers).toEqual([2 * THREADS.length * (ROUNDS / 100)]);
  for (const { numbers } of collector.collect().get(DURATION) ?? []) {
    const count = numbers.slice(0, -1).reduce((sum, number) => sum + number, 0);
    expect(count).toBe(2 * ROUNDS);
    expect(numbers.at(-1)).toBeCloseTo(2 * ROUNDS * 0.0045, 3);
  }
});
