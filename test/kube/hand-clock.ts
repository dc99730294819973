/** A clock whose long waits pass only when the test turns its hands; waits below 50 ms are real ones. */
import type { KubeClock } from '../../src/kube/kube-clock.js';

const REAL_BELOW_MS = 50;

interface Timer {
  readonly at: number;
  readonly delayMs: number;
  readonly task: () => void;
}

export class HandClock implements KubeClock {
  #now = 1_000_000;
  readonly #random: () => number;
  readonly #timers = new Set<Timer>();
  #watchers: { readonly delayMs: number; readonly found: () => void }[] = [];

  constructor(random: () => number = () => 0) {
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  wallClock(): number {
    return 1_700_000_000_000 + this.#now;
  }

  random(): number {
    return this.#random();
  }

  breathe(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  after(delayMs: number, task: () => void): () => void {
    if (delayMs < REAL_BELOW_MS) {
      const timer = setTimeout(() => {
        this.#now += delayMs;
        task();
      }, delayMs);
      return () => clearTimeout(timer);
    }
    const timer = { at: this.#now + delayMs, delayMs, task };
    this.#timers.add(timer);
    for (const watcher of this.#watchers.filter((one) => one.delayMs === delayMs)) watcher.found();
    this.#watchers = this.#watchers.filter((one) => one.delayMs !== delayMs);
    return () => this.#timers.delete(timer);
  }

  /** Resolves when somebody waits for exactly this long. */
  waitedFor(delayMs: number): Promise<void> {
    if ([...this.#timers].some((timer) => timer.delayMs === delayMs)) return Promise.resolve();
    return new Promise((found) => this.#watchers.push({ delayMs, found }));
  }

  /** Waits that are pending, in milliseconds. */
  get pending(): readonly number[] {
    return [...this.#timers].map((timer) => timer.delayMs);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      timer.task();
    }
  }
}
