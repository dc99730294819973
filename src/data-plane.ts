/** Who answers: the main thread, or data workers. Either way a configuration is applied as a whole. */
import type { Plan } from './corefile/plan.js';
import { type DataConfiguration, DataHost } from './data-host.js';
import { canSharePorts } from './listen/udp.js';
import { type ListenerSpec, specKey } from './listener-spec.js';
import type { Logger } from './observe/logger.js';
import type { SeriesCollector } from './observe/metrics/series-collector.js';
import type { ThreadSeries } from './observe/metrics/thread-series.js';
import { DRAIN_MS } from './open-listener.js';
import { optionsOf } from './plugins/options-of.js';
import { PLUGIN_REGISTRY } from './plugins/registry.js';
import { workersPlugin } from './plugins/workers/directive.js';
import { probePort } from './port-probe.js';
import type { WorkerListener } from './worker-message.js';
import { WorkerPool } from './worker-pool.js';

/** The main thread's reader number in the tables; the workers' begin at 1. */
export const MAIN_READER = 0;

/** What the data plane is made of; it stays over all configurations. */
export interface DataPlaneOptions {
  readonly logger: Logger;
  readonly podNamespace: string | undefined;
  readonly udpImplementation: 'auto' | 'batch' | 'plain';
  /** Data workers; 0: the main thread answers. */
  readonly workers: number;
  /** Memory of every thread's metrics. */
  readonly collector: SeriesCollector;
  /** What the main thread counts. */
  readonly series: ThreadSeries;
  /** A worker died: what it held of the tables is given up. */
  onWorkerDeath(reader: number): void;
}

/** Sockets and whoever answers on them. */
export interface DataPlane {
  readonly workers: number;
  readonly restarts: number;
  listeners(): readonly WorkerListener[];
  /**
   * Takes a configuration over; sockets that stay lose no query.
   * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED; the configuration before stays in force
   */
  apply(configuration: DataConfiguration): Promise<void>;
  close(): Promise<void>;
}

/** How many data workers a plan asks for: the largest number of its blocks, else the default. */
export async function workerCount(plan: Plan, standard: number, logger: Logger): Promise<number> {
  const asked = plan.blocks.flatMap((block) => optionsOf(block, workersPlugin)?.count ?? []);
  const count = asked.length > 0 ? Math.max(...asked) : standard;
  if (count === 0 || (await canSharePorts())) return count;
  logger.info({}, 'threads cannot share ports here: the main thread answers');
  return 0;
}

/** A data host on this thread, with everything that has to do with the clock and chance. */
function mainHost(
  options: Omit<DataPlaneOptions, 'workers' | 'onWorkerDeath' | 'collector'>,
): DataHost {
  const { logger, podNamespace, udpImplementation, series } = options;
  return new DataHost({
    registry: PLUGIN_REGISTRY,
    reader: MAIN_READER,
    logger,
    ...(podNamespace === undefined ? {} : { podNamespace }),
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => Math.random(),
    count: (metric, labels, by) => series.count(metric, labels, by),
    observe: (metric, value, labels) => series.observe(metric, value, labels),
    series,
    udpImplementation,
    reusePort: false,
  });
}

/** Opens nothing yet: the first `apply` does. */
export function createDataPlane(options: DataPlaneOptions): DataPlane {
  return options.workers === 0 ? onMainThread(options) : onWorkers(options);
}

function onMainThread(options: DataPlaneOptions): DataPlane {
  const host = mainHost(options);
  return {
    workers: 0,
    restarts: 0,
    listeners: () => host.listeners,
    apply: (configuration) => host.apply(configuration),
    close: () => host.close(DRAIN_MS),
  };
}

function onWorkers(options: DataPlaneOptions): DataPlane {
  const { workers, collector } = options;
  const pool = new WorkerPool({
    count: workers,
    logger: options.logger,
    podNamespace: options.podNamespace,
    onDeath: options.onWorkerDeath,
    metricsOf: (reader) => collector.memoryOf(reader),
  });
  let ports = new Map<string, number>();
  return {
    workers,
    get restarts() {
      return pool.restarts;
    },
    listeners: () => pool.listeners,
    async apply(configuration) {
      const next = await chosenPorts(configuration.specs, ports);
      // a spec is known by the port that it asked for, 0 included, so that it is found again
      const specs = configuration.specs.map((spec) => ({
        ...spec,
        boundPort: next.get(specKey(spec)) ?? spec.port,
      }));
      await pool.apply({ ...configuration, specs });
      ports = next;
    },
    close: () => pool.close(DRAIN_MS),
  };
}

/** Ports of all specs; those that are not open yet were free a moment ago. */
async function chosenPorts(
  specs: readonly ListenerSpec[],
  open: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const chosen = new Map<string, number>();
  for (const spec of specs) {
    chosen.set(specKey(spec), open.get(specKey(spec)) ?? (await probePort(spec)));
  }
  return chosen;
}
