/** What a metric is, as data: what is counted, exported, documented and linted comes from here. */

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** One metric with its labels; series of it come into being when something is counted. */
export interface MetricDescription {
  /** With prefix and base unit: `_seconds`, `_bytes`, `_total` for counters. */
  readonly name: string;
  /** One line, for people. */
  readonly help: string;
  readonly type: MetricType;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, ascending, `+Inf` left out; empty for other types. */
  readonly buckets: readonly number[];
  /** How the values that several threads hold become one. */
  readonly across: 'sum' | 'max';
  /** Series that one thread may hold; what comes after goes to one whose labels all say `other`. */
  readonly maxSeries: number;
}

/** The value of every label of the series that takes what is too much. */
export const OVERFLOW_LABEL = 'other';

/** Enough for a Corefile of many blocks and upstreams; a runaway label is cut off long before it hurts. */
const DEFAULT_MAX_SERIES = 256;

/** What may differ from the usual. */
type Unusual = Partial<Pick<MetricDescription, 'across' | 'maxSeries'>>;

export function counter(
  name: string,
  labels: readonly string[],
  help: string,
  unusual: Unusual = {},
): MetricDescription {
  return describe('counter', name, labels, help, [], unusual);
}

export function gauge(
  name: string,
  labels: readonly string[],
  help: string,
  unusual: Unusual = {},
): MetricDescription {
  return describe('gauge', name, labels, help, [], unusual);
}

export function histogram(
  name: string,
  labels: readonly string[],
  buckets: readonly number[],
  help: string,
): MetricDescription {
  return describe('histogram', name, labels, help, buckets, {});
}

function describe(
  type: MetricType,
  name: string,
  labels: readonly string[],
  help: string,
  buckets: readonly number[],
  unusual: Unusual,
): MetricDescription {
  const usual = { across: 'sum', maxSeries: DEFAULT_MAX_SERIES } as const;
  return { name, help, type, labels, buckets, ...usual, ...unusual };
}
