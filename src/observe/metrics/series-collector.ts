/** The main thread's view of what all threads have counted, added up when somebody asks. */
import { metricCatalog } from './catalog.js';
import type { MetricDescription } from './metric-description.js';
import { allocateSeriesMemory, type SeriesEntry, SeriesMemory } from './series-memory.js';
import { slotsOf } from './thread-series.js';

/** One series over all threads. */
export interface CollectedSeries {
  /** Label values in the order of the metric's label names. */
  readonly values: readonly string[];
  /** A counter's or a gauge's number; a histogram's numbers by bucket, the one above all bounds, the sum. */
  readonly numbers: readonly number[];
}

/** What one thread's memory holds, as far as its directory has been read. */
interface ThreadMemory {
  readonly buffer: SharedArrayBuffer;
  readonly memory: SeriesMemory;
  readonly entries: SeriesEntry[];
  read: number;
}

/** Owns the memory of every thread's metrics. */
export class SeriesCollector {
  readonly #catalog = metricCatalog();
  readonly #threads = new Map<number, ThreadMemory>();

  /**
   * The memory in which the thread of this number counts: the same one for as long as the process lives,
   * also when another thread takes a dead one's place. To be passed to it when it starts.
   */
  memoryOf(thread: number): SharedArrayBuffer {
    const known = this.#threads.get(thread);
    if (known !== undefined) return known.buffer;
    const buffer = allocateSeriesMemory();
    const memory = new SeriesMemory(buffer);
    this.#threads.set(thread, { buffer, memory, entries: [], read: 0 });
    return buffer;
  }

  /** All series by metric. Counters without labels are always there, from 0 on. */
  collect(): ReadonlyMap<string, readonly CollectedSeries[]> {
    const sums = new Map<string, Map<string, Summed>>();
    for (const description of this.#catalog.values()) {
      if (description.type === 'counter' && description.labels.length === 0) {
        sums.set(description.name, new Map([['', { values: [], numbers: [0] }]]));
      }
    }
    for (const thread of this.#threads.values()) {
      readDirectory(thread);
      for (const entry of thread.entries) this.#add(sums, entry, thread.memory.slots);
    }
    return new Map([...sums].map(([metric, series]) => [metric, [...series.values()]]));
  }

  #add(sums: Map<string, Map<string, Summed>>, entry: SeriesEntry, slots: Float64Array): void {
    const description = this.#catalog.get(entry.metric);
    if (description === undefined) return;
    const ofMetric = sums.get(entry.metric) ?? new Map<string, Summed>();
    sums.set(entry.metric, ofMetric);
    const key = entry.values.join('\u0000');
    const numbers = [...slots.subarray(entry.slot, entry.slot + slotsOf(description))];
    const known = ofMetric.get(key);
    if (known === undefined) ofMetric.set(key, { values: entry.values, numbers });
    else merge(description, known.numbers, numbers);
  }
}

interface Summed {
  readonly values: readonly string[];
  readonly numbers: number[];
}

function merge({ across }: MetricDescription, into: number[], from: readonly number[]): void {
  for (const [i, number] of from.entries()) {
    const before = into[i] ?? 0;
    into[i] = across === 'max' ? Math.max(before, number) : before + number;
  }
}

function readDirectory(thread: ThreadMemory): void {
  const { entries, end } = thread.memory.entries(thread.read);
  thread.entries.push(...entries);
  thread.read = end;
}
