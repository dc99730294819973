/** The data workers: started together, replaced when one dies, closed together. */
import { Worker } from 'node:worker_threads';
import { SvcdnsError } from './errors.js';
import type { Logger } from './observe/logger.js';
import type { WorkerListener, WorkerReport, WorkerStart } from './worker-message.js';

/** A worker that dies again and again is started again ever more slowly, up to this. */
const MAX_RESTART_DELAY_MS = 10_000;

/** What the pool is made of. */
export interface WorkerPoolOptions {
  readonly count: number;
  readonly start: Omit<WorkerStart, 'reader'>;
  readonly logger: Logger;
  /** Called before a dead worker's place is filled: what it held of shared memory is given up. */
  onDeath(reader: number): void;
}

/** Workers that listen. */
export interface WorkerPool {
  readonly listeners: readonly WorkerListener[];
  /** How many were started again. */
  restarts(): number;
  /** Ends all; each drains for at most `drainMs`. */
  close(drainMs: number): Promise<void>;
}

/**
 * Starts the workers and waits until all of them listen.
 * @throws SvcdnsError as opening the sockets does
 */
export async function startWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  const places = Array.from({ length: options.count }, (_, i) => new Place(i + 1, options));
  try {
    const listeners = await Promise.all(places.map((place) => place.start()));
    return {
      listeners: listeners[0] ?? [],
      restarts: () => places.reduce((sum, place) => sum + place.restarts, 0),
      close: async (drainMs) => {
        await Promise.all(places.map((place) => place.close(drainMs)));
      },
    };
  } catch (error) {
    await Promise.all(places.map((place) => place.close(0)));
    throw error;
  }
}

/** One worker's place: whoever fills it has the same reader number. */
class Place {
  restarts = 0;
  readonly #reader: number;
  readonly #options: WorkerPoolOptions;
  #worker: Worker | undefined;
  #closing = false;
  #delayMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(reader: number, options: WorkerPoolOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  start(): Promise<readonly WorkerListener[]> {
    const { logger, start } = this.#options;
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { ...start, reader: this.#reader },
      name: `svcdns data ${this.#reader}`,
    });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      let listening = false;
      worker.on('message', (report: WorkerReport) => {
        switch (report.kind) {
          case 'log':
            logger[report.level](report.fields, report.message);
            break;
          case 'listening':
            listening = true;
            resolve(report.listeners);
            break;
          case 'failed':
            reject(faultError(report.fault));
            break;
          case 'closed':
            break;
        }
      });
      worker.on('error', (err) => logger.error({ err, worker: this.#reader }, 'a worker failed'));
      worker.on('exit', (code) => {
        this.#worker = undefined;
        this.#options.onDeath(this.#reader);
        if (listening) this.#replace(code);
        else reject(new Error(`data worker ${this.#reader} ended with ${code} before it listened`));
      });
    });
  }

  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (worker === undefined) return;
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage({ kind: 'close', drainMs });
    const timer = setTimeout(() => void worker.terminate(), drainMs + 1000);
    await gone;
    clearTimeout(timer);
  }

  #replace(code: number): void {
    if (this.#closing) return;
    this.restarts += 1;
    this.#options.logger.error(
      { worker: this.#reader, code, restarts: this.restarts, delayMs: this.#delayMs },
      'a data worker died and is replaced',
    );
    this.#timer = setTimeout(() => {
      this.start().catch((err: unknown) => {
        this.#options.logger.error({ err, worker: this.#reader }, 'a data worker did not start');
        this.#replace(-1);
      });
    }, this.#delayMs);
    this.#delayMs = Math.min(Math.max(this.#delayMs * 2, 100), MAX_RESTART_DELAY_MS);
  }
}

function faultError(fault: Extract<WorkerReport, { kind: 'failed' }>['fault']): Error {
  const { code, message, where, mend } = fault;
  if (code === undefined) return new Error(message);
  return new SvcdnsError(code, message, {
    ...(where === undefined ? {} : { where }),
    ...(mend === undefined ? {} : { mend }),
  });
}
