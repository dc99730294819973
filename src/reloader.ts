/** Looks for a changed Corefile and has the server take it over; what is wrong with it is only logged. */
import type { PlanResult } from './corefile/planner.js';
import { SvcdnsError } from './errors.js';
import type { Logger } from './observe/logger.js';
import { optionsOf } from './plugins/options-of.js';
import { reloadPlugin } from './plugins/reload/directive.js';
import type { RunningServer } from './server.js';

/** What the reloader works with. */
export interface ReloaderOptions {
  readonly server: RunningServer;
  /** Reads the Corefile with its imports again. */
  load(): PlanResult;
  readonly logger: Logger;
  random(): number;
  /** Told how each attempt ended. */
  readonly onReload?: (succeeded: boolean) => void;
}

/** By the clock where the plan in force has a `reload` directive (CoreDNS plugin/reload), and by order. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Hash of a text that was refused: it is not complained about again. */
  #refused = '';
  #closed = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** Reads and applies now, whatever the clock says; a text that did not change is left alone. */
  async reload(): Promise<void> {
    try {
      await this.#reload();
    } finally {
      this.#schedule();
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #reload(): Promise<void> {
    const { server, load, logger, onReload } = this.#options;
    const result = load();
    if ('faults' in result && result.faults !== undefined) {
      const faults = result.faults.map((fault) => fault.line);
      if (this.#refused === faults.join()) return;
      this.#refused = faults.join();
      logger.error({ faults }, 'the changed Corefile is refused; the one before stays in force');
      onReload?.(false);
      return;
    }
    const { plan } = result;
    if (plan.hash === server.plan.hash || plan.hash === this.#refused) return;
    try {
      await server.reload(plan);
      this.#refused = '';
      logger.info({ file: plan.file, hash: plan.hash }, 'the Corefile was taken over');
      onReload?.(true);
    } catch (error) {
      this.#refused = plan.hash;
      const line = error instanceof SvcdnsError ? error.line : undefined;
      logger.error(
        line === undefined ? { err: error } : { fault: line },
        'the changed Corefile could not be applied; the one before stays in force',
      );
      onReload?.(false);
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const { server, random } = this.#options;
    const wishes = server.plan.blocks.flatMap((block) => optionsOf(block, reloadPlugin) ?? []);
    const [wish] = wishes;
    // a plan without the directive is left alone, but may be reloaded by order
    if (wish === undefined || this.#closed) return;
    const { intervalMs, jitterMs } = wish;
    this.#timer = setTimeout(() => void this.reload(), intervalMs + (random() - 0.5) * jitterMs);
    this.#timer.unref();
  }
}
