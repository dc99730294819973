/** Checks a failing upstream until it answers once; nothing is sent while all is well (CoreDNS plugin/forward). */
import type { Clock, Timer } from './clock.js';

export interface HealthProbeOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Failed checks in a row that mean down. */
  readonly maxFails: number;
  /** Sends one check; true when anything at all was answered. Never rejects. */
  readonly check: () => Promise<boolean>;
  readonly onFailure: () => void;
  readonly onDown: () => void;
  readonly onHealthy: () => void;
}

/** The checks of one upstream. */
export class HealthProbe {
  readonly #options: HealthProbeOptions;
  #fails = 0;
  #running = false;
  #closed = false;
  #timer: Timer | undefined;

  constructor(options: HealthProbeOptions) {
    this.#options = options;
  }

  /** Whether so many checks in a row failed that the upstream counts as down. */
  get down(): boolean {
    return this.#fails >= this.#options.maxFails && this.#fails > 0;
  }

  /** Failed checks since the last success. */
  get fails(): number {
    return this.#fails;
  }

  /** Begins to check, at once, unless that is going on. */
  start(): void {
    if (this.#running || this.#closed) return;
    this.#running = true;
    this.#run();
  }

  /** An answer came by other means: the checks end. */
  heard(): void {
    const wasDown = this.down;
    this.#fails = 0;
    this.#running = false;
    this.#timer?.cancel();
    if (wasDown) this.#options.onHealthy();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #run(): void {
    const { clock, intervalMs, check } = this.#options;
    const startedAt = clock.now();
    void check().then((healthy) => {
      if (!this.#running || this.#closed) return;
      if (healthy) {
        this.heard();
        return;
      }
      this.#failed();
      const wait = Math.max(0, startedAt + intervalMs - clock.now());
      this.#timer = clock.after(wait, () => this.#run());
    });
  }

  #failed(): void {
    const wasDown = this.down;
    this.#fails += 1;
    this.#options.onFailure();
    if (!wasDown && this.down) this.#options.onDown();
  }
}
