/** Collected series as text for a scraper, written by prom-client. */
import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
} from 'prom-client';
import type { MetricDescription } from './metric-description.js';
import type { CollectedSeries } from './series-collector.js';

/** What a scraper can be given. */
export type ExpositionType = PrometheusContentType | OpenMetricsContentType;

type Labels = Record<string, string>;

/**
 * A registry with these series, for one scrape: in the OpenMetrics format prom-client renames the
 * metrics that it holds. Metrics without series are left out, as other clients do.
 */
export function registryOf(
  type: ExpositionType,
  catalog: ReadonlyMap<string, MetricDescription>,
  collected: ReadonlyMap<string, readonly CollectedSeries[]>,
): Registry<ExpositionType> {
  const registry = newRegistry(type);
  for (const [name, description] of catalog) {
    const series = collected.get(name) ?? [];
    if (series.length > 0) register(registry, description, series);
  }
  return registry;
}

function newRegistry(type: ExpositionType): Registry<ExpositionType> {
  const registry = new Registry<ExpositionType>();
  registry.setContentType(type);
  return registry;
}

function register(
  registry: Registry<ExpositionType>,
  description: MetricDescription,
  series: readonly CollectedSeries[],
): void {
  const { name, help, labels: labelNames, type } = description;
  const metric = { name, help, labelNames, registers: [registry] };
  if (type === 'histogram') {
    new CollectedHistogram({ ...metric, buckets: [...description.buckets] }, description, series);
    return;
  }
  const add = type === 'counter' ? counterOf(metric) : gaugeOf(metric);
  for (const { values, numbers } of series) add(labelsOf(description, values), numbers[0] ?? 0);
}

interface PromMetric {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: Registry<ExpositionType>[];
}

function counterOf(metric: PromMetric): (labels: Labels, value: number) => void {
  const counter = new Counter(metric);
  return (labels, value) => counter.inc(labels, value);
}

function gaugeOf(metric: PromMetric): (labels: Labels, value: number) => void {
  const gauge = new Gauge(metric);
  return (labels, value) => gauge.set(labels, value);
}

function labelsOf({ labels }: MetricDescription, values: readonly string[]): Labels {
  return Object.fromEntries(labels.map((name, i) => [name, values[i] ?? '']));
}

/** A histogram whose buckets were counted elsewhere; prom-client's own can only observe. */
class CollectedHistogram extends Histogram {
  /** Without observations: what prom-client says of the metric besides its values. */
  readonly #blank: Histogram;
  readonly #description: MetricDescription;
  readonly #series: readonly CollectedSeries[];

  constructor(
    metric: PromMetric & { readonly buckets: number[] },
    description: MetricDescription,
    series: readonly CollectedSeries[],
  ) {
    super(metric);
    this.#blank = new Histogram({ ...metric, registers: [] });
    this.#description = description;
    this.#series = series;
  }

  override async get(): ReturnType<Histogram['get']> {
    const values = this.#series.flatMap((series) => this.#valuesOf(series));
    return { ...(await this.#blank.get()), values };
  }

  /** What the registry asks for instead where it is there. */
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get();
  }

  #valuesOf({ values, numbers }: CollectedSeries): Awaited<ReturnType<Histogram['get']>>['values'] {
    const labels = labelsOf(this.#description, values);
    const { name, buckets } = this.#description;
    let count = 0;
    const counted = [...buckets, '+Inf'].map((le, i) => {
      count += numbers[i] ?? 0;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    });
    const sum = numbers[buckets.length + 1] ?? 0;
    return [
      ...counted,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
