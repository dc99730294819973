/** The server's wiring on the main thread: watches, tables, listeners, health and ready. */
import { networkInterfaces } from 'node:os';
import type { Client } from './chain/query.js';
import type { ListenAddress } from './corefile/listen-address.js';
import type { Plan } from './corefile/plan.js';
import { createDataSide, type DataSide } from './data-side.js';
import { SvcdnsError } from './errors.js';
import {
  blockZones,
  type KubernetesPart,
  kubernetesParts,
  missingOf,
  startParts,
} from './kubernetes-part.js';
import type { Answerer } from './listen/answerer.js';
import { canSharePorts } from './listen/udp.js';
import { listenerSpecs } from './listener-spec.js';
import { openHealthEndpoint } from './observe/health-endpoint.js';
import type { Logger } from './observe/logger.js';
import { openReadyEndpoint } from './observe/ready-endpoint.js';
import { DRAIN_MS, openListeners } from './open-listeners.js';
import { healthPlugin } from './plugins/health/directive.js';
import { optionsOf } from './plugins/options-of.js';
import { readyPlugin } from './plugins/ready/directive.js';
import { PLUGIN_REGISTRY } from './plugins/registry.js';
import { workersPlugin } from './plugins/workers/directive.js';
import { probePorts } from './port-probe.js';
import type { WorkerListener } from './worker-message.js';
import { startWorkerPool } from './worker-pool.js';

/** The main thread's reader number in the tables. */
const MAIN_READER = 0;

/** What a server is started with. */
export interface ServerOptions {
  readonly plan: Plan;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** UDP: batches where they work (default), or one way by force. */
  readonly udpImplementation?: 'auto' | 'batch' | 'plain';
  /** Data workers where the plan does not say how many; 0 by default: the main thread answers. */
  readonly defaultWorkers?: number;
}

/** Where the server listens. */
export type BoundListener = WorkerListener;

/** A server that answers. */
export interface RunningServer {
  readonly listeners: readonly BoundListener[];
  /** Resolves when every watch has had its first lists and their names are published. */
  readonly ready: Promise<void>;
  /** What is missing for readiness, in words; empty when ready. */
  missing(): readonly string[];
  /** Answers of the plan's first socket, without a socket: for tests. */
  answererFor(transport: Client['transport']): Answerer;
  /** Not ready first, then the lameduck time, then drains and closes everything. */
  close(): Promise<void>;
}

/**
 * Starts everything that the plan asks for. Answers at once; names of the cluster zones get SERVFAIL
 * until the first lists are in.
 * @throws SvcdnsError for what the operator has to mend: addresses, credentials
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { plan, logger } = options;
  const opened = new OpenedParts();
  try {
    const parts = await kubernetesParts({ ...options, wallClock: () => Date.now() });
    for (const source of new Set(parts.map((part) => part.source))) opened.add(source);
    const dataSide = makeDataSide(options, parts);
    opened.add(dataSide);
    const listeners = await openSockets(options, dataSide, parts, opened);
    const readiness = new Readiness(parts);
    await openHttp(plan, readiness, logger, opened);

    const ready = startParts(parts).then(() => {
      readiness.published = true;
      if (parts.length > 0)
        logger.info({ zones: parts.flatMap((part) => part.options.zones) }, 'ready');
    });
    ready.catch((err: unknown) => logger.error({ err }, 'the first lists could not be compiled'));
    return {
      listeners,
      ready,
      missing: () => readiness.missing(),
      answererFor(transport) {
        const [first] = listenerSpecs(plan, interfaceAddresses);
        if (first === undefined) throw new SvcdnsError('COREFILE_SYNTAX', 'no server block');
        return dataSide.answererFor(first, transport);
      },
      async close() {
        readiness.stopping = true;
        await lameduck(plan);
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** What was opened, closed in reverse order. */
class OpenedParts {
  readonly #parts: (() => Promise<void>)[] = [];

  add(part: { close(): Promise<void> }): void {
    this.#parts.push(() => part.close());
  }

  async close(): Promise<void> {
    for (const close of this.#parts.splice(0).reverse()) await close();
  }
}

/** What /ready says. */
class Readiness {
  published: boolean;
  stopping = false;
  readonly #parts: readonly KubernetesPart[];

  constructor(parts: readonly KubernetesPart[]) {
    this.#parts = parts;
    this.published = parts.length === 0;
  }

  missing(): readonly string[] {
    if (this.stopping) return ['the server is stopping'];
    if (this.published) return [];
    const missing = this.#parts.flatMap(missingOf);
    return missing.length > 0 ? missing : ['kubernetes: names are being compiled'];
  }
}

function makeDataSide(
  { plan, logger, env }: ServerOptions,
  parts: readonly KubernetesPart[],
): DataSide {
  const podNamespace = env['POD_NAMESPACE'];
  return createDataSide({
    plan,
    registry: PLUGIN_REGISTRY,
    zones: parts.map(blockZones),
    reader: MAIN_READER,
    logger,
    ...(podNamespace === undefined ? {} : { podNamespace }),
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => Math.random(),
    count: () => {},
    observe: () => {},
  });
}

/** The listeners of a server: on this thread, or on data workers. */
async function openSockets(
  { plan, ...options }: ServerOptions,
  dataSide: DataSide,
  parts: readonly KubernetesPart[],
  opened: OpenedParts,
): Promise<readonly BoundListener[]> {
  const specs = listenerSpecs(plan, interfaceAddresses);
  const count = await workerCount(plan, options);
  const logger = options.logger.child({ room: 'listen' });
  if (count === 0) {
    const listeners = await openListeners({
      specs,
      dataSide,
      logger,
      udpImplementation: options.udpImplementation ?? 'auto',
      reusePort: false,
    });
    for (const listener of listeners) opened.add({ close: () => listener.close(DRAIN_MS) });
    return listeners;
  }
  const pool = await startWorkerPool({
    count,
    start: {
      plan,
      zones: parts.map(blockZones),
      specs: await probePorts(specs),
      podNamespace: options.env['POD_NAMESPACE'],
    },
    logger: options.logger,
    onDeath: (reader) => {
      for (const { sync } of parts) sync.releaseReader(reader);
    },
  });
  opened.add({ close: () => pool.close(DRAIN_MS) });
  return pool.listeners;
}

/** The largest number that a block asks for, else the default; none where batches are not to be had. */
async function workerCount(plan: Plan, options: Omit<ServerOptions, 'plan'>): Promise<number> {
  const asked = plan.blocks.flatMap((block) => optionsOf(block, workersPlugin)?.count ?? []);
  const count = asked.length > 0 ? Math.max(...asked) : (options.defaultWorkers ?? 0);
  if (count === 0 || options.udpImplementation === 'plain') return 0;
  if (await canSharePorts()) return count;
  options.logger.info({}, 'threads cannot share ports here: the main thread answers');
  return 0;
}

function interfaceAddresses(name: string): string[] {
  return (networkInterfaces()[name] ?? []).map(({ address }) => address);
}

/** Opens /health and /ready where directives ask for them; the same address is opened once. */
async function openHttp(
  plan: Plan,
  readiness: Readiness,
  logger: Logger,
  opened: OpenedParts,
): Promise<void> {
  const taken = new Set<string>();
  const isNew = (kind: string, { host, port }: ListenAddress): boolean => {
    const key = `${kind} ${host}:${port}`;
    return !taken.has(key) && taken.add(key) !== undefined;
  };
  for (const block of plan.blocks) {
    const health = optionsOf(block, healthPlugin);
    if (health !== undefined && isNew('health', health.address)) {
      const { host: address, port } = health.address;
      opened.add(
        await openHealthEndpoint({ address, port, lameduckMs: health.lameduckMs, logger }),
      );
    }
    const ready = optionsOf(block, readyPlugin);
    if (ready !== undefined && isNew('ready', ready.address)) {
      const { host: address, port } = ready.address;
      opened.add(
        await openReadyEndpoint({
          address,
          port,
          readiness: () => readiness.missing(),
          monitor: 'continuously',
          logger,
        }),
      );
    }
  }
}

/** Answers on for the longest lameduck time that a health directive asks for. */
async function lameduck(plan: Plan): Promise<void> {
  const times = plan.blocks.map((block) => optionsOf(block, healthPlugin)?.lameduckMs ?? 0);
  const longest = Math.max(0, ...times);
  if (longest > 0) await new Promise((resolve) => setTimeout(resolve, longest));
}
