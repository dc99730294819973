/** The HTTP endpoints of a plan: opened where directives ask for them, kept over a reload where both have them. */
import type { ListenAddress } from './corefile/listen-address.js';
import type { Plan } from './corefile/plan.js';
import { openHealthEndpoint } from './observe/health-endpoint.js';
import type { Logger } from './observe/logger.js';
import { openMetricsEndpoint } from './observe/metrics/metrics-endpoint.js';
import type { MetricsRegistry } from './observe/metrics/metrics-registry.js';
import { openReadyEndpoint } from './observe/ready-endpoint.js';
import { healthPlugin } from './plugins/health/directive.js';
import { optionsOf } from './plugins/options-of.js';
import { prometheusPlugin } from './plugins/prometheus/directive.js';
import { readyPlugin } from './plugins/ready/directive.js';
import type { Readiness } from './readiness.js';

interface Endpoint {
  close(): Promise<void>;
}

/** How an endpoint is opened that is not open yet. */
type Open = (address: string, port: number) => Promise<Endpoint>;

/** The endpoints of the plan in force. */
export class HttpEndpoints {
  readonly #readiness: Readiness;
  readonly #logger: Logger;
  readonly #registry: MetricsRegistry;
  #open = new Map<string, Endpoint>();

  constructor(readiness: Readiness, registry: MetricsRegistry, logger: Logger) {
    this.#registry = registry;
    this.#readiness = readiness;
    this.#logger = logger;
  }

  /**
   * Opens what is new, then closes what is gone.
   * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED; what was open before stays open
   */
  async apply(plan: Plan): Promise<void> {
    const next = new Map<string, Endpoint>();
    const opened: Endpoint[] = [];
    try {
      for (const [key, open, { host, port }] of this.#wanted(plan)) {
        if (next.has(key)) continue;
        const kept = this.#open.get(key);
        const endpoint = kept ?? (await open(host, port));
        if (kept === undefined) opened.push(endpoint);
        next.set(key, endpoint);
      }
    } catch (error) {
      await Promise.all(opened.map((endpoint) => endpoint.close()));
      throw error;
    }
    const gone = [...this.#open].filter(([key]) => !next.has(key));
    this.#open = next;
    await Promise.all(gone.map(([, endpoint]) => endpoint.close()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((endpoint) => endpoint.close()));
  }

  #wanted(plan: Plan): [string, Open, ListenAddress][] {
    const logger = this.#logger;
    const wanted: [string, Open, ListenAddress][] = [];
    for (const block of plan.blocks) {
      const health = optionsOf(block, healthPlugin);
      if (health !== undefined) {
        const { lameduckMs } = health;
        const open: Open = (address, port) =>
          openHealthEndpoint({ address, port, lameduckMs, logger });
        wanted.push([endpointKey('health', health.address), open, health.address]);
      }
      const ready = optionsOf(block, readyPlugin);
      if (ready !== undefined) {
        const readiness = (): readonly string[] => this.#readiness.missing();
        const open: Open = (address, port) =>
          openReadyEndpoint({ address, port, readiness, monitor: 'continuously', logger });
        wanted.push([endpointKey('ready', ready.address), open, ready.address]);
      }
      const prometheus = optionsOf(block, prometheusPlugin);
      if (prometheus !== undefined) {
        const { runtimeMetrics } = prometheus;
        const registry = this.#registry;
        const open: Open = (address, port) =>
          openMetricsEndpoint({ address, port, runtimeMetrics, registry, logger });
        wanted.push([endpointKey('prometheus', prometheus.address), open, prometheus.address]);
      }
    }
    return wanted;
  }
}

function endpointKey(name: string, { host, port }: ListenAddress): string {
  return `${name} ${host}:${port}`;
}
