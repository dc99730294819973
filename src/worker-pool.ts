/** The data workers: started together, replaced when one dies, told new configurations, closed together. */
import { Worker } from 'node:worker_threads';
import type { DataConfiguration } from './data-host.js';
import { SvcdnsError } from './errors.js';
import type { Logger } from './observe/logger.js';
import type { WorkerFault, WorkerListener, WorkerOrder, WorkerReport } from './worker-message.js';

/** A worker that dies again and again is started again ever more slowly, up to this. */
const MAX_RESTART_DELAY_MS = 10_000;

/**
 * The hot path allocates nothing, and the chain's objects die young: a larger young generation only keeps
 * more pages resident in each thread.
 */
const YOUNG_GENERATION_MB = 6;

/** What the pool is made of. */
export interface WorkerPoolOptions {
  readonly count: number;
  readonly podNamespace: string | undefined;
  readonly logger: Logger;
  /** Memory that the worker with this number counts in. */
  metricsOf(reader: number): SharedArrayBuffer;
  /** Called before a dead worker's place is filled: what it held of shared memory is given up. */
  onDeath(reader: number): void;
}

/** A number of workers that all do the same. */
export class WorkerPool {
  readonly #places: readonly WorkerPlace[];
  #listeners: readonly WorkerListener[] = [];
  #configuration: DataConfiguration | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#places = Array.from({ length: options.count }, (_, i) => new WorkerPlace(i + 1, options));
  }

  /** Where the workers listen: the same for all of them. */
  get listeners(): readonly WorkerListener[] {
    return this.#listeners;
  }

  /** How many workers were started again. */
  get restarts(): number {
    return this.#places.reduce((sum, place) => sum + place.restarts, 0);
  }

  /**
   * Has all workers take a configuration over, the first one by starting them. When one can't, all go
   * back to the one before.
   * @throws SvcdnsError as opening the sockets does
   */
  async apply(configuration: DataConfiguration): Promise<void> {
    const before = this.#configuration;
    const results = await Promise.allSettled(
      this.#places.map((place) => place.apply(configuration)),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      if (before !== undefined) {
        await Promise.allSettled(this.#places.map((place) => place.apply(before)));
      }
      throw failed.reason;
    }
    this.#configuration = configuration;
    const [first] = results;
    if (first?.status === 'fulfilled') this.#listeners = first.value;
  }

  /** Ends all; each drains for at most `drainMs`. */
  async close(drainMs: number): Promise<void> {
    await Promise.all(this.#places.map((place) => place.close(drainMs)));
  }
}

/** Who waits for the answer to an order. */
interface Waiting {
  resolve(listeners: readonly WorkerListener[]): void;
  reject(error: Error): void;
}

/** One worker's place: whoever fills it has the same reader number. */
class WorkerPlace {
  restarts = 0;
  readonly #reader: number;
  readonly #options: WorkerPoolOptions;
  #worker: Worker | undefined;
  #configuration: DataConfiguration | undefined;
  #waiting: Waiting | undefined;
  #closing = false;
  #delayMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(reader: number, options: WorkerPoolOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  /** Where the worker listens with the configuration in force. */
  async apply(configuration: DataConfiguration): Promise<readonly WorkerListener[]> {
    const before = this.#configuration;
    this.#configuration = configuration;
    const applied = new Promise<readonly WorkerListener[]>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    if (this.#worker === undefined) this.#start(configuration);
    else this.#order({ kind: 'apply', configuration });
    try {
      return await applied;
    } catch (error) {
      this.#configuration = before;
      throw error;
    } finally {
      this.#waiting = undefined;
    }
  }

  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (worker === undefined) return;
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#order({ kind: 'close', drainMs });
    const timer = setTimeout(() => void worker.terminate(), drainMs + 1000);
    await gone;
    clearTimeout(timer);
  }

  #order(order: WorkerOrder): void {
    this.#worker?.postMessage(order);
  }

  #start(configuration: DataConfiguration): void {
    const { logger, podNamespace, metricsOf } = this.#options;
    const metrics = metricsOf(this.#reader);
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { configuration, podNamespace, metrics, reader: this.#reader },
      name: `svcdns data ${this.#reader}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker = worker;
    worker.on('message', (report: WorkerReport) => {
      if (report.kind === 'log') logger[report.level](report.fields, report.message);
      else if (report.kind === 'applied') this.#waiting?.resolve(report.listeners);
      else this.#fail(faultError(report.fault));
    });
    worker.on('error', (err) => logger.error({ err, worker: this.#reader }, 'a worker failed'));
    worker.on('exit', (code) => {
      this.#worker = undefined;
      this.#options.onDeath(this.#reader);
      this.#waiting?.reject(new Error(`data worker ${this.#reader} ended with ${code}`));
      // one that never listened is the business of whoever started it
      if (!this.#closing && this.#configuration !== undefined) this.#replace(code);
    });
  }

  #fail(error: Error): void {
    if (this.#waiting !== undefined) this.#waiting.reject(error);
    else this.#options.logger.error({ err: error, worker: this.#reader }, 'a worker did not start');
  }

  #replace(code: number): void {
    this.restarts += 1;
    this.#options.logger.error(
      { worker: this.#reader, code, restarts: this.restarts, delayMs: this.#delayMs },
      'a data worker died and is replaced',
    );
    this.#timer = setTimeout(() => {
      if (this.#configuration !== undefined) this.#start(this.#configuration);
    }, this.#delayMs);
    this.#delayMs = Math.min(Math.max(this.#delayMs * 2, 100), MAX_RESTART_DELAY_MS);
  }
}

function faultError({ code, message, where, mend }: WorkerFault): Error {
  if (code === undefined) return new Error(message);
  return new SvcdnsError(code, message, {
    ...(where === undefined ? {} : { where }),
    ...(mend === undefined ? {} : { mend }),
  });
}
