/** Many endpoints, by a replayed API: memory, start, answers during a relist, answers during constant change. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Asker } from './asker.js';
import { load } from './dnsperf.js';
import { type NameServer, startNameServer } from './name-server.js';
import { percentile } from './percentile.js';
import { cpuMicroseconds, type Memory, memoryOf } from './process-usage.js';
import { ReplayApi } from './replay-api.js';
import {
  countEndpoints,
  namespaceName,
  type SeedService,
  type SeedSize,
  seedServices,
} from './seed.js';
import { questionsOf, type ServerName, WORKLOADS } from './workloads.js';

/** Latencies of one stretch of time, ms. */
export interface Stretch {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly worst: number;
  /** µs a query, all of the process's work included. */
  readonly cpu: number;
  readonly lost: number;
}

/** One server's readings. */
export interface ScaleReadings {
  readonly server: ServerName;
  readonly readyMs: number;
  readonly memoryAtStart: Memory;
  readonly memoryAtEnd: Memory;
  readonly quiet: Stretch;
  readonly relist: Stretch;
  readonly churn: Stretch;
  /** From an event's sending to the answer with its address, ms each. */
  readonly changesQuiet: readonly number[];
  readonly changesInRelist: readonly number[];
}

export interface ScaleResult {
  readonly services: number;
  readonly endpoints: number;
  readonly readings: readonly ScaleReadings[];
}

export interface ScalePhaseOptions {
  readonly largeSize: SeedSize;
  readonly seconds: number;
  readonly changes: number;
  readonly folder: string;
  say(line: string): void;
}

const SERVERS = [
  ['svcdns', 'svcdns'],
  ['CoreDNS', 'coredns'],
] as const;
/** Questions a second while something else is measured. */
export const BACKGROUND_RATE = 5_000;
/** Services that change a second in the part with constant change. */
export const CHURN_RATE = 200;
const DEADLINE_MS = 30_000;
/** Where services of this phase have their addresses: above those of the seed. */
const FIRST_ADDRESS = 200;

/** One server after the other, each alone with the API. */
export async function scalePhase(options: ScalePhaseOptions): Promise<ScaleResult> {
  const services = seedServices(options.largeSize);
  const hit = WORKLOADS.find(({ id }) => id === 'hit');
  if (hit === undefined) throw new Error('there is no workload hit');
  const queries = join(options.folder, 'queries.scale');
  writeFileSync(queries, questionsOf(hit, services));
  const api = await ReplayApi.start(services);
  const readings: ScaleReadings[] = [];
  try {
    const access = [`endpoint http://127.0.0.1:${api.port}`];
    for (const [name, program] of SERVERS) {
      const server = await startNameServer({ name, program, folder: options.folder, access });
      try {
        readings.push(await new Run(server, name, api, queries, options).all());
      } finally {
        await server.stop();
      }
    }
  } finally {
    await api.close();
  }
  return { services: services.length, endpoints: countEndpoints(services), readings };
}

class Run {
  readonly #server: NameServer;
  readonly #name: ServerName;
  readonly #api: ReplayApi;
  readonly #queries: string;
  readonly #options: ScalePhaseOptions;
  #added = 0;

  constructor(
    server: NameServer,
    name: ServerName,
    api: ReplayApi,
    queries: string,
    options: ScalePhaseOptions,
  ) {
    this.#server = server;
    this.#name = name;
    this.#api = api;
    this.#queries = queries;
    this.#options = options;
  }

  async all(): Promise<ScaleReadings> {
    const { seconds, changes } = this.#options;
    const memoryAtStart = memoryOf(this.#server.pid);
    const quiet = await this.#stretch('quiet', seconds);
    const changesQuiet = await this.#changes(changes);
    const changesInRelist: number[] = [];
    for (let i = 0; i < 3; i++) {
      const relist = this.#relist();
      changesInRelist.push(...(await this.#changes(Number.POSITIVE_INFINITY, relist)));
    }
    const relisting = delay(1_000).then(() => this.#relist());
    const relist = await this.#stretch('relist', Math.max(seconds, 6));
    await relisting;
    this.#api.churn(CHURN_RATE);
    const churn = await this.#stretch('constant change', seconds);
    this.#api.churn(0);
    return {
      server: this.#name,
      readyMs: this.#server.readyMs ?? Number.NaN,
      memoryAtStart,
      memoryAtEnd: memoryOf(this.#server.pid),
      quiet,
      relist,
      churn,
      changesQuiet,
      changesInRelist,
    };
  }

  /** The list is sent when this resolves; a second more until it has been worked in. */
  async #relist(): Promise<void> {
    await this.#api.expireSlices();
    await delay(1_000);
  }

  async #stretch(title: string, seconds: number): Promise<Stretch> {
    const before = cpuMicroseconds(this.#server.pid);
    const result = await load({
      port: this.#server.port,
      queries: this.#queries,
      seconds,
      transport: 'udp',
      clients: 10,
      outstanding: 100,
      rate: BACKGROUND_RATE,
      latencies: true,
      folder: this.#options.folder,
    });
    const cpu = (cpuMicroseconds(this.#server.pid) - before) / result.completed;
    const of = (share: number): number => percentile(result.latencies, share);
    const { lost } = result;
    const stretch = { p50: of(0.5), p99: of(0.99), p999: of(0.999), worst: of(1), cpu, lost };
    this.#options.say(
      `scale  ${this.#name}  ${title}: p99 ${stretch.p99.toFixed(2)} ms, worst ${stretch.worst.toFixed(2)} ms, ${cpu.toFixed(1)} µs`,
    );
    return stretch;
  }

  /** Adds services one after the other, at most `count`, until `end`. */
  async #changes(count: number, end?: Promise<void>): Promise<number[]> {
    let over = false;
    void end?.then(() => {
      over = true;
    });
    const times: number[] = [];
    while (times.length < count && !over) {
      times.push(await this.#change());
      await delay(10);
    }
    await end;
    return times;
  }

  async #change(): Promise<number> {
    const index = this.#added++;
    const clusterIP = `10.0.${FIRST_ADDRESS + Math.floor(index / 250)}.${1 + (index % 250)}`;
    const name = `added-${this.#name.toLowerCase()}-${index}`;
    const service: SeedService = { namespace: namespaceName(0), name, clusterIP, endpoints: [] };
    const asker = new Asker(this.#server.port);
    const qname = `${name}.${service.namespace}.svc.cluster.local`;
    try {
      await asker.ask(qname);
      const sent = performance.now();
      this.#api.addService(service);
      await asker.askUntil(qname, clusterIP, DEADLINE_MS);
      return performance.now() - sent;
    } finally {
      asker.close();
    }
  }
}
