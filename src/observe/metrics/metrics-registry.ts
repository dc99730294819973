/** All metrics of the process, put together when a scraper asks. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { metricCatalog } from './catalog.js';
import { type ExpositionType, registryOf } from './exposition.js';
import { oldForwardNames } from './forward-names.js';
import { processSamples } from './process-samples.js';
import type { SampleSource } from './sample.js';
import type { CollectedSeries, SeriesCollector } from './series-collector.js';

/** What a scraper gets. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** What a scraper wants. */
export interface ExpositionWish {
  /** Its Accept header; empty: the plain text format. */
  readonly accept: string;
  /** Whether the runtime's own metrics are wanted too (`runtime_metrics`). */
  readonly runtimeMetrics: boolean;
}

export interface MetricsRegistryOptions {
  readonly collector: SeriesCollector;
  /** Everything that is looked up instead of counted; the process itself is there already. */
  readonly sources: readonly SampleSource[];
}

type Series = ReadonlyMap<string, readonly CollectedSeries[]>;

export class MetricsRegistry {
  readonly #catalog = metricCatalog();
  readonly #collector: SeriesCollector;
  readonly #sources: readonly SampleSource[];
  #runtime: Registry<ExpositionType> | undefined;

  constructor({ collector, sources }: MetricsRegistryOptions) {
    this.#collector = collector;
    this.#sources = [...sources, processSamples];
  }

  /** All series now: what was counted by every thread, and what is looked up. */
  collect(): Series {
    const collected = new Map(this.#collector.collect());
    for (const [name, series] of this.#sampled()) {
      collected.set(name, added(collected.get(name) ?? [], series));
    }
    return new Map([...collected, ...oldForwardNames(collected)]);
  }

  /** Text of all series. */
  async exposition({ accept, runtimeMetrics }: ExpositionWish): Promise<Exposition> {
    const type = accept.includes('application/openmetrics-text')
      ? Registry.OPENMETRICS_CONTENT_TYPE
      : Registry.PROMETHEUS_CONTENT_TYPE;
    const own = await registryOf(type, this.#catalog, this.collect()).metrics();
    if (!runtimeMetrics) return { contentType: type, body: own };
    const runtime = await this.#runtimeRegistry(type).metrics();
    // each part of an OpenMetrics text ends with a line that only the whole may end with
    return { contentType: type, body: `${runtime.replace(/# EOF\n$/, '')}${own}` };
  }

  #sampled(): Series {
    const sampled = new Map<string, CollectedSeries[]>();
    for (const source of this.#sources) {
      for (const { metric, labels = {}, value } of source()) {
        const description = this.#catalog.get(metric);
        if (description === undefined) throw new Error(`no such metric: ${metric}`);
        const values = description.labels.map((name) => labels[name] ?? '');
        const series = sampled.get(metric) ?? [];
        sampled.set(metric, added(series, [{ values, numbers: [value] }]));
      }
    }
    return sampled;
  }

  /** Node's own metrics: made at the first wish, since they come with a timer and an observer. */
  #runtimeRegistry(type: ExpositionType): Registry<ExpositionType> {
    let runtime = this.#runtime;
    if (runtime === undefined) {
      runtime = new Registry<ExpositionType>();
      collectDefaultMetrics({ register: runtime });
      for (const { name } of runtime.getMetricsAsArray()) {
        // the process is described already, in the same words
        if (name.startsWith('process_')) runtime.removeSingleMetric(name);
      }
      this.#runtime = runtime;
    }
    runtime.setContentType(type);
    return runtime;
  }
}

/** Series of the same labels become one. */
function added(
  into: readonly CollectedSeries[],
  from: readonly CollectedSeries[],
): CollectedSeries[] {
  const all = new Map(into.map((series) => [series.values.join('\u0000'), series]));
  for (const { values, numbers } of from) {
    const key = values.join('\u0000');
    const before = all.get(key)?.numbers ?? [];
    all.set(key, { values, numbers: numbers.map((number, i) => number + (before[i] ?? 0)) });
  }
  return [...all.values()];
}
