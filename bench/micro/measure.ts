/** Loops with medians: time and memory of one call. */
import { PerformanceObserver } from 'node:perf_hooks';
import { median } from '../percentile.js';

/** What one call takes. */
export interface Measured {
  readonly name: string;
  /** ns, median of the batches. */
  readonly nanoseconds: number;
  /** Octets of JavaScript heap; a lower bound when the collector ran meanwhile. */
  readonly octets: number;
  /** Whether the collector ran. */
  readonly collected: boolean;
}

const BATCHES = 15;
const BATCH_MS = 40;

/**
 * Warms the call up, then runs batches of some 40 ms. `call` gets the number of the call, and what it
 * returns is added up so that nothing is optimised away. Needs `--expose-gc`.
 */
export async function measure(name: string, call: (index: number) => number): Promise<Measured> {
  const collections = watchCollections();
  let sum = 0;
  let size = 1;
  for (let elapsed = 0; elapsed < BATCH_MS; size *= 2) {
    const started = performance.now();
    for (let i = 0; i < size; i++) sum += call(i);
    elapsed = performance.now() - started;
  }
  globalThis.gc?.();
  await collections.settled();
  const times: number[] = [];
  const heap: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const before = process.memoryUsage().heapUsed;
    const started = performance.now();
    for (let i = 0; i < size; i++) sum += call(i);
    times.push(((performance.now() - started) / size) * 1e6);
    heap.push((process.memoryUsage().heapUsed - before) / size);
  }
  const collected = await collections.stop();
  if (Number.isNaN(sum)) throw new Error(`${name} counts badly`);
  return { name, nanoseconds: median(times), octets: Math.max(0, median(heap)), collected };
}

/** A call that changes something and can't be repeated in batches: each is timed by itself. */
export async function measureEach(
  name: string,
  count: number,
  call: (index: number) => void | Promise<void>,
): Promise<Measured> {
  const times: number[] = [];
  const heap: number[] = [];
  for (let i = 0; i < count; i++) {
    const before = process.memoryUsage().heapUsed;
    const started = performance.now();
    await call(i);
    times.push((performance.now() - started) * 1e6);
    heap.push(process.memoryUsage().heapUsed - before);
  }
  return { name, nanoseconds: median(times), octets: Math.max(0, median(heap)), collected: false };
}

function watchCollections() {
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    count += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  return {
    /** Forgets what was collected so far. */
    async settled(): Promise<void> {
      await turn();
      count = 0;
    },
    async stop(): Promise<boolean> {
      await turn();
      observer.disconnect();
      return count > 0;
    },
  };
}
