/** The server's wiring on the main thread: watches, tables, listeners, health and ready, reload. */
import { networkInterfaces } from 'node:os';
import type { Client } from './chain/query.js';
import type { Plan } from './corefile/plan.js';
import type { DataConfiguration } from './data-host.js';
import { createDataPlane, type DataPlane, MAIN_READER, workerCount } from './data-plane.js';
import { createDataSide } from './data-side.js';
import { SvcdnsError } from './errors.js';
import { HttpEndpoints } from './http-endpoints.js';
import {
  blockZones,
  closeUnused,
  type KubernetesPart,
  kubernetesParts,
  measuredTables,
  startParts,
} from './kubernetes-part.js';
import type { Answerer } from './listen/answerer.js';
import { listenerSpecs } from './listener-spec.js';
import type { Logger } from './observe/logger.js';
import { MetricsRegistry } from './observe/metrics/metrics-registry.js';
import type { Sample } from './observe/metrics/sample.js';
import { SeriesCollector } from './observe/metrics/series-collector.js';
import {
  buildSamples,
  listenerSamples,
  pluginSamples,
  tableSamples,
  watchSamples,
  workerSamples,
} from './observe/metrics/server-samples.js';
import { ThreadSeries } from './observe/metrics/thread-series.js';
import { healthPlugin } from './plugins/health/directive.js';
import { optionsOf } from './plugins/options-of.js';
import { PLUGIN_REGISTRY } from './plugins/registry.js';
import { Readiness } from './readiness.js';
import type { WorkerListener } from './worker-message.js';

/** How long a reload waits for the first lists of a changed kubernetes directive. */
const RELOAD_SYNC_MS = 30_000;

/** What a server is started with. */
export interface ServerOptions {
  readonly plan: Plan;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** UDP: batches where they work (default), or one way by force. */
  readonly udpImplementation?: 'auto' | 'batch' | 'plain';
  /** For the metrics' build information. */
  readonly version?: string;
  /** Data workers where the plan does not say how many; 0 by default: the main thread answers. */
  readonly defaultWorkers?: number;
}

/** Where the server listens. */
export type BoundListener = WorkerListener;

/** A server that answers. */
export interface RunningServer {
  /** Where it listens now. */
  readonly listeners: readonly BoundListener[];
  /** The plan in force. */
  readonly plan: Plan;
  /** Resolves when every watch has had its first lists and their names are published. */
  readonly ready: Promise<void>;
  /** What is missing for readiness, in words; empty when ready. */
  missing(): readonly string[];
  /** Answers of the plan's first socket, without a socket: for tests. */
  answererFor(transport: Client['transport']): Answerer;
  /**
   * Has another plan take the place of this one, without losing a query or a socket that both have.
   * @throws SvcdnsError when it can't be done; the plan before stays in force
   */
  reload(plan: Plan): Promise<void>;
  /** Not ready first, then the lameduck time, then drains and closes everything. */
  close(): Promise<void>;
}

/**
 * Starts everything that the plan asks for. Answers at once; names of the cluster zones get SERVFAIL
 * until the first lists are in.
 * @throws SvcdnsError for what the operator has to mend: addresses, credentials
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const collector = new SeriesCollector();
  const series = new ThreadSeries(collector.memoryOf(MAIN_READER));
  const dataPlane = await dataPlaneFor(options, collector, series, (reader) =>
    server.forget(reader),
  );
  const server: Server = new Server(options, dataPlane, collector, series);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.closeAll();
    throw error;
  }
}

async function dataPlaneFor(
  { plan, logger, env, ...options }: ServerOptions,
  collector: SeriesCollector,
  series: ThreadSeries,
  onWorkerDeath: (reader: number) => void,
): Promise<DataPlane> {
  const { udpImplementation = 'auto', defaultWorkers = 0 } = options;
  const workers =
    udpImplementation === 'plain' ? 0 : await workerCount(plan, defaultWorkers, logger);
  const podNamespace = env['POD_NAMESPACE'];
  return createDataPlane({
    logger,
    podNamespace,
    udpImplementation,
    workers,
    collector,
    series,
    onWorkerDeath,
  });
}

class Server implements RunningServer {
  plan: Plan;
  ready: Promise<void> = Promise.resolve();
  readonly #options: ServerOptions;
  readonly #dataPlane: DataPlane;
  readonly #readiness = new Readiness();
  readonly #http: HttpEndpoints;
  readonly #series: ThreadSeries;
  #parts: readonly KubernetesPart[] = [];
  #reloading: Promise<void> = Promise.resolve();

  constructor(
    options: ServerOptions,
    dataPlane: DataPlane,
    collector: SeriesCollector,
    series: ThreadSeries,
  ) {
    this.#options = options;
    this.#dataPlane = dataPlane;
    this.#series = series;
    const registry = new MetricsRegistry({ collector, sources: this.#sampleSources() });
    this.#http = new HttpEndpoints(this.#readiness, registry, options.logger);
    this.plan = options.plan;
  }

  get listeners(): readonly BoundListener[] {
    return this.#dataPlane.listeners();
  }

  async start(): Promise<void> {
    this.#parts = await this.#makeParts(this.plan);
    this.#readiness.wait(this.#parts);
    await this.#dataPlane.apply(configurationOf(this.plan, this.#parts));
    await this.#http.apply(this.plan);
    const { logger } = this.#options;
    this.ready = startParts(this.#parts).then(() => {
      this.#readiness.setPublished();
      if (this.#parts.length > 0) logger.info({ zones: this.#zones() }, 'ready');
    });
    this.ready.catch((err: unknown) => logger.error({ err }, 'the names could not be compiled'));
  }

  missing(): readonly string[] {
    return this.#readiness.missing();
  }

  answererFor(transport: Client['transport']): Answerer {
    const { plan, zones, specs } = configurationOf(this.plan, this.#parts);
    const [first] = specs;
    if (first === undefined) throw new SvcdnsError('COREFILE_SYNTAX', 'no server block');
    const podNamespace = this.#options.env['POD_NAMESPACE'];
    const side = createDataSide({
      plan,
      zones,
      registry: PLUGIN_REGISTRY,
      reader: MAIN_READER,
      logger: this.#options.logger,
      ...(podNamespace === undefined ? {} : { podNamespace }),
      now: () => performance.now(),
      wallClock: () => Date.now(),
      random: () => Math.random(),
      count: () => {},
      observe: () => {},
    });
    return side.answererFor(first, transport);
  }

  reload(plan: Plan): Promise<void> {
    const next = this.#reloading.then(() => this.#reload(plan));
    this.#reloading = next.catch(() => {});
    return next;
  }

  async close(): Promise<void> {
    this.#readiness.setStopping();
    await this.#reloading;
    await lameduck(this.plan);
    await this.closeAll();
  }

  /** Closes in the order in which clients notice least: sockets, then endpoints, then watches. */
  async closeAll(): Promise<void> {
    await this.#dataPlane.close();
    await this.#http.close();
    await closeUnused(this.#parts, []);
  }

  forget(reader: number): void {
    for (const { sync, externalSync } of this.#parts) {
      sync.releaseReader(reader);
      externalSync?.releaseReader(reader);
    }
  }

  async #reload(plan: Plan): Promise<void> {
    const before = this.#parts;
    const parts = await this.#makeParts(plan, before);
    const fresh = parts.filter((part) => !before.some(({ sync }) => sync === part.sync));
    try {
      // names that are known now must not be lost to a first list that does not come
      await within(startParts(fresh), RELOAD_SYNC_MS, fresh);
      await this.#http.apply(plan);
      try {
        await this.#dataPlane.apply(configurationOf(plan, parts));
      } catch (error) {
        await this.#http.apply(this.plan);
        throw error;
      }
    } catch (error) {
      await closeUnused(parts, before);
      throw error;
    }
    this.plan = plan;
    this.#parts = parts;
    await closeUnused(before, parts);
  }

  #makeParts(plan: Plan, known: readonly KubernetesPart[] = []): Promise<KubernetesPart[]> {
    const { env, logger } = this.#options;
    return kubernetesParts({
      plan,
      env,
      logger,
      known,
      series: this.#series,
      wallClock: () => Date.now(),
    });
  }

  /** What a scrape asks of the server itself, besides what its threads count. */
  #sampleSources(): (() => Iterable<Sample>)[] {
    const dataPlane = this.#dataPlane;
    return [
      () => buildSamples(this.#options.version ?? 'unknown'),
      () => pluginSamples(this.plan),
      () => workerSamples(dataPlane.workers, dataPlane.restarts),
      () => watchSamples([...new Set(this.#parts.map(({ source }) => source))], Date.now()),
      () => tableSamples(this.#parts.flatMap(measuredTables)),
      () => listenerSamples(dataPlane.listeners()),
    ];
  }

  #zones(): string[] {
    return this.#parts.flatMap(({ options }) => options.zones);
  }
}

function configurationOf(plan: Plan, parts: readonly KubernetesPart[]): DataConfiguration {
  return { plan, zones: parts.map(blockZones), specs: listenerSpecs(plan, interfaceAddresses) };
}

function interfaceAddresses(name: string): string[] {
  return (networkInterfaces()[name] ?? []).map(({ address }) => address);
}

/** Waits for the first lists of new directives, but not for ever. */
async function within(
  started: Promise<void>,
  limitMs: number,
  parts: readonly KubernetesPart[],
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const [first] = parts;
      reject(
        new SvcdnsError('KUBE_UNREACHABLE', `the first lists did not come within ${limitMs} ms`, {
          ...(first === undefined ? {} : { where: first.options.place }),
          mend: 'the configuration before stays in force; mend the access to the API and reload',
        }),
      );
    }, limitMs);
  });
  try {
    await Promise.race([started, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Answers on for the longest lameduck time that a health directive asks for. */
async function lameduck(plan: Plan): Promise<void> {
  const times = plan.blocks.map((block) => optionsOf(block, healthPlugin)?.lameduckMs ?? 0);
  const longest = Math.max(0, ...times);
  if (longest > 0) await new Promise((resolve) => setTimeout(resolve, longest));
}
