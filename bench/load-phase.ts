/** The workloads, server after server in turns, so that the machine's mood hits all alike. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Load, type LoadOptions, load } from './dnsperf.js';
import type { NameServer } from './name-server.js';
import { median, percentile } from './percentile.js';
import { cpuMicroseconds } from './process-usage.js';
import type { SeedService } from './seed.js';
import { questionsOf, type ServerName, type Workload } from './workloads.js';

/** The fixed load at which latencies are compared: all servers manage it on two cores. */
export const MODERATE_RATE = 20_000;

/** Readings of one server under one workload, medians over the rounds. */
export interface Cell {
  readonly server: ServerName;
  /** Set instead of readings: why there are none. */
  readonly skipped?: string;
  readonly saturated?: Readings;
  /** At {@link MODERATE_RATE}. */
  readonly moderate?: Readings;
}

export interface Readings {
  readonly queriesPerSecond: number;
  /** CPU of the server's whole process, µs a query. */
  readonly cpu: number;
  /** Share of questions without an answer, 0..1. */
  readonly lost: number;
  /** ms; NaN where they were not taken. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** The cells of one workload. */
export interface WorkloadResult {
  readonly workload: Workload;
  readonly cells: readonly Cell[];
}

export interface LoadPhaseOptions {
  readonly servers: ReadonlyMap<ServerName, NameServer>;
  /** Servers that are not there, and why. */
  readonly missing: ReadonlyMap<ServerName, string>;
  readonly workloads: readonly Workload[];
  readonly services: readonly SeedService[];
  readonly rounds: number;
  readonly seconds: number;
  readonly folder: string;
  say(line: string): void;
}

/** Runs all rounds; a server that answers wrongly is left out of that workload. */
export async function loadPhase(options: LoadPhaseOptions): Promise<WorkloadResult[]> {
  const runs = options.workloads.map((workload) => new WorkloadRun(workload, options));
  for (let round = 0; round < options.rounds; round++) {
    for (const run of runs) await run.round(round);
  }
  return runs.map((run) => run.result());
}

class WorkloadRun {
  readonly #workload: Workload;
  readonly #options: LoadPhaseOptions;
  readonly #queries: string;
  readonly #saturated = new Map<ServerName, Readings[]>();
  readonly #moderate = new Map<ServerName, Readings[]>();
  readonly #skipped = new Map<ServerName, string>();

  constructor(workload: Workload, options: LoadPhaseOptions) {
    this.#workload = workload;
    this.#options = options;
    this.#queries = join(options.folder, `queries.${workload.id}`);
    writeFileSync(this.#queries, questionsOf(workload, options.services));
    for (const name of workload.servers) {
      const why = options.missing.get(name);
      if (why !== undefined) this.#skipped.set(name, why);
    }
  }

  async round(round: number): Promise<void> {
    const { servers } = this.#workload;
    for (let i = 0; i < servers.length; i++) {
      const name = servers[(i + round) % servers.length];
      if (name === undefined || this.#skipped.has(name)) continue;
      const server = this.#options.servers.get(name);
      if (server !== undefined) await this.#measure(name, server);
    }
  }

  result(): WorkloadResult {
    const cells = this.#workload.servers.map((server): Cell => {
      const skipped = this.#skipped.get(server);
      const saturated = medianOf(this.#saturated.get(server));
      const moderate = medianOf(this.#moderate.get(server));
      return {
        server,
        ...(skipped === undefined ? {} : { skipped }),
        ...(saturated === undefined ? {} : { saturated }),
        ...(moderate === undefined ? {} : { moderate }),
      };
    });
    return { workload: this.#workload, cells };
  }

  async #measure(name: ServerName, server: NameServer): Promise<void> {
    const warm = await this.#load(server, { seconds: 1 });
    const wrong = wrongRcodes(warm, this.#workload.rcodes);
    if (wrong !== undefined) {
      this.#skipped.set(name, wrong);
      this.#options.say(`${this.#workload.id}  ${name}: ${wrong}`);
      return;
    }
    const { seconds } = this.#options;
    note(this.#saturated, name, await this.#reading(server, { seconds }));
    if (!this.#workload.moderate) return;
    const moderate = { seconds, rate: MODERATE_RATE, latencies: true };
    note(this.#moderate, name, await this.#reading(server, moderate));
  }

  async #reading(server: NameServer, how: Partial<LoadOptions> & { seconds: number }) {
    const before = cpuMicroseconds(server.pid);
    const result = await this.#load(server, how);
    const used = cpuMicroseconds(server.pid) - before;
    const readings = toReadings(result, used);
    const { queriesPerSecond, cpu, p99 } = readings;
    const rate = how.rate === undefined ? 'saturated' : `at ${how.rate}/s`;
    this.#options.say(
      `${this.#workload.id}  ${server.name}  ${rate}: ${Math.round(queriesPerSecond)} q/s, ${cpu.toFixed(2)} µs` +
        (Number.isNaN(p99) ? '' : `, p99 ${p99.toFixed(2)} ms`),
    );
    return readings;
  }

  #load(server: NameServer, how: Partial<LoadOptions> & { seconds: number }): Promise<Load> {
    const { folder } = this.#options;
    const { port } = server;
    return load({ ...this.#workload.sending, port, queries: this.#queries, folder, ...how });
  }
}

function toReadings(result: Load, used: number): Readings {
  const { latencies, completed, lost } = result;
  return {
    queriesPerSecond: result.queriesPerSecond,
    cpu: used / completed,
    lost: lost / (completed + lost),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    p999: percentile(latencies, 0.999),
  };
}

function note(into: Map<ServerName, Readings[]>, name: ServerName, readings: Readings): void {
  into.set(name, [...(into.get(name) ?? []), readings]);
}

function medianOf(all: readonly Readings[] | undefined): Readings | undefined {
  if (all === undefined || all.length === 0) return undefined;
  const of = (field: keyof Readings): number => median(all.map((one) => one[field]));
  return {
    queriesPerSecond: of('queriesPerSecond'),
    cpu: of('cpu'),
    lost: of('lost'),
    p50: of('p50'),
    p99: of('p99'),
    p999: of('p999'),
  };
}

/** What is wrong with the answers; undefined: they are as the workload expects. */
function wrongRcodes(
  { rcodes, completed }: Load,
  expected: Workload['rcodes'],
): string | undefined {
  if (completed === 0) return 'does not answer';
  const isRight = Object.entries(expected).every(
    ([rcode, share]) => Math.abs((rcodes.get(rcode) ?? 0) - share) < 0.02,
  );
  if (isRight) return undefined;
  const said = [...rcodes].map(([rcode, share]) => `${Math.round(share * 100)} % ${rcode}`);
  return `answers ${said.join(', ')}`;
}
