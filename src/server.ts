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
import type { Answerer, Listener } from './listen/answerer.js';
import { listenTcp } from './listen/tcp.js';
import { listenUdp } from './listen/udp.js';
import { type ListenerSpec, listenerSpecs, serverLabel } from './listener-spec.js';
import { openHealthEndpoint } from './observe/health-endpoint.js';
import type { Logger } from './observe/logger.js';
import { openReadyEndpoint } from './observe/ready-endpoint.js';
import { healthPlugin } from './plugins/health/directive.js';
import { optionsOf } from './plugins/options-of.js';
import { readyPlugin } from './plugins/ready/directive.js';
import { PLUGIN_REGISTRY } from './plugins/registry.js';

/** The main thread's reader number in the tables. */
const MAIN_READER = 0;
/** How long queries in flight may take when the server ends, as CoreDNS's graceful stop. */
const DRAIN_MS = 5000;

/** What a server is started with. */
export interface ServerOptions {
  readonly plan: Plan;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** UDP: batches where they work (default), or one way by force. */
  readonly udpImplementation?: 'auto' | 'batch' | 'plain';
}

/** A server that answers. */
export interface RunningServer {
  readonly listeners: readonly Listener[];
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
    const specs = listenerSpecs(plan, interfaceAddresses);
    const listeners = await openListeners(specs, dataSide, options, opened);
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
        const [first] = specs;
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

async function openListeners(
  specs: readonly ListenerSpec[],
  dataSide: DataSide,
  options: ServerOptions,
  opened: OpenedParts,
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (const spec of specs) {
    const server = serverLabel(spec);
    const logger = options.logger.child({ room: 'listen' });
    const udp = await listenUdp({
      server,
      address: spec.address,
      port: spec.port,
      answerer: dataSide.answererFor(spec, 'udp'),
      logger,
      implementation: options.udpImplementation ?? 'auto',
    });
    opened.add({ close: () => udp.close(DRAIN_MS) });
    // port 0 is chosen once, so that both transports share it
    const tcp = await listenTcp({
      server,
      address: spec.address,
      port: udp.port,
      answerer: dataSide.answererFor(spec, 'tcp'),
      logger,
    });
    opened.add({ close: () => tcp.close(DRAIN_MS) });
    listeners.push(udp, tcp);
  }
  return listeners;
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
