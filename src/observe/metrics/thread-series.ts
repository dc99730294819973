/** Counting on one thread: a series is found once, and then counting is an addition in shared memory. */
import { metricCatalog } from './catalog.js';
import { type MetricDescription, OVERFLOW_LABEL } from './metric-description.js';
import { LOST_SLOT, SeriesMemory } from './series-memory.js';

/**
 * Label values by name; names that the metric has not are passed over, those left out are empty. An
 * object that is passed again is recognized, so it must not be changed in between.
 */
export type Labels = Readonly<Record<string, string>>;

/** A series of a counter or a gauge, found beforehand: adding to it allocates nothing. */
export interface CounterHandle {
  add(by?: number): void;
}

/** A series of a histogram, found beforehand: observing allocates nothing. */
export interface HistogramHandle {
  /** @param times how many observations of this value there are */
  observe(value: number, times?: number): void;
}

/** What a client may put into a label is cut off here. */
const MAX_LABEL_LENGTH = 128;
const NO_LABELS: Labels = {};
const DROPPED_METRIC = 'svcdns_metrics_dropped_total';

/** The series of one metric on this thread. */
interface MetricSeries {
  readonly description: MetricDescription;
  /** First slot by label values. */
  readonly slots: Map<string, number>;
  /** What was asked for last: labels that were made once need not be joined up again. */
  lastLabels: Labels | undefined;
  lastSlot: number;
}

/**
 * The metrics of one thread; the only writer of its memory. Never throws for what it is given: what it
 * can't count, it counts as dropped.
 */
export class ThreadSeries {
  /** Where the numbers are; {@link open} says at which index. */
  readonly slots: Float64Array;
  readonly #memory: SeriesMemory;
  readonly #metrics: ReadonlyMap<string, MetricSeries>;

  /** Goes on where an earlier thread left the memory; its gauges are void, since what they told of is gone. */
  constructor(buffer: SharedArrayBuffer) {
    const memory = new SeriesMemory(buffer);
    const metrics = new Map<string, MetricSeries>();
    for (const description of metricCatalog().values()) {
      const fresh = { slots: new Map(), lastLabels: undefined, lastSlot: LOST_SLOT };
      metrics.set(description.name, { description, ...fresh });
    }
    for (const { metric, slot, values } of memory.entries(0).entries) {
      const known = metrics.get(metric);
      known?.slots.set(keyOf(values), slot);
      if (known?.description.type === 'gauge') memory.slots[slot] = 0;
    }
    this.#memory = memory;
    this.#metrics = metrics;
    this.slots = memory.slots;
  }

  /** Adds to a counter or a gauge; gauges may be given steps down. */
  count(metric: string, labels: Labels = NO_LABELS, by = 1): void {
    const slot = this.open(metric, labels);
    this.slots[slot] = (this.slots[slot] ?? 0) + by;
  }

  /** Records one value (seconds or octets) in a histogram. */
  observe(metric: string, value: number, labels: Labels = NO_LABELS): void {
    const slot = this.open(metric, labels);
    const bounds = this.#metrics.get(metric)?.description.buckets ?? [];
    addObservation(this.slots, slot, bounds, value, 1);
  }

  /** Sets a gauge. */
  set(metric: string, value: number, labels: Labels = NO_LABELS): void {
    this.slots[this.open(metric, labels)] = value;
  }

  /** A counter or a gauge whose labels stay the same; from now on it is exported, if only as 0. */
  counter(metric: string, labels: Labels = NO_LABELS): CounterHandle {
    const { slots } = this;
    const slot = this.open(metric, labels);
    return {
      add: (by = 1) => {
        slots[slot] = (slots[slot] ?? 0) + by;
      },
    };
  }

  /** A histogram whose labels stay the same; from now on it is exported. */
  histogram(metric: string, labels: Labels = NO_LABELS): HistogramHandle {
    const { slots } = this;
    const slot = this.open(metric, labels);
    const bounds = this.#metrics.get(metric)?.description.buckets ?? [];
    return {
      observe: (value, times = 1) => addObservation(slots, slot, bounds, value, times),
    };
  }

  /**
   * The first slot of a series: a counter's and a gauge's only one; a histogram's buckets, one more for
   * what is above the last bound, and the sum behind them.
   */
  open(metric: string, labels: Labels): number {
    const series = this.#metrics.get(metric);
    if (series === undefined) return this.#lost('unknown_metric');
    if (series.lastLabels === labels) return series.lastSlot;
    const slot = this.#find(series, labels);
    series.lastLabels = labels;
    series.lastSlot = slot;
    return slot;
  }

  #find({ description, slots }: MetricSeries, labels: Labels): number {
    const metric = description.name;
    let values = description.labels.map((name) => labelValue(labels, name));
    const known = slots.get(keyOf(values));
    if (known !== undefined) return known;
    if (slots.size >= description.maxSeries && description.labels.length > 0) {
      values = description.labels.map(() => OVERFLOW_LABEL);
      if (metric !== DROPPED_METRIC) this.count(DROPPED_METRIC, { reason: 'series_limit' });
      const overflow = slots.get(keyOf(values));
      if (overflow !== undefined) return overflow;
    }
    const slot = this.#memory.enter(metric, values, slotsOf(description));
    if (slot === undefined) return this.#lost('memory_full', metric);
    slots.set(keyOf(values), slot);
    return slot;
  }

  #lost(reason: string, metric?: string): number {
    if (metric !== DROPPED_METRIC) this.count(DROPPED_METRIC, { reason });
    return LOST_SLOT;
  }
}

/** Index of the bucket that a value falls into: the first whose bound is not below it. */
export function bucketOf(bounds: readonly number[], value: number): number {
  let i = 0;
  while (i < bounds.length && value > (bounds[i] ?? 0)) i += 1;
  return i;
}

function addObservation(
  slots: Float64Array,
  slot: number,
  bounds: readonly number[],
  value: number,
  times: number,
): void {
  const at = slot + bucketOf(bounds, value);
  const sum = slot + bounds.length + 1;
  slots[at] = (slots[at] ?? 0) + times;
  slots[sum] = (slots[sum] ?? 0) + value * times;
}

/** How many slots a series takes. */
export function slotsOf({ type, buckets }: MetricDescription): number {
  return type === 'histogram' ? buckets.length + 2 : 1;
}

function labelValue(labels: Labels, name: string): string {
  const value = labels[name] ?? '';
  return value.length > MAX_LABEL_LENGTH ? value.slice(0, MAX_LABEL_LENGTH) : value;
}

function keyOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : values.join('\u0000');
}
