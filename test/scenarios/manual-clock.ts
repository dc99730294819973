/** A clock that stands still until a test moves it. */
import type { Clock, Timer } from '../../src/plugins/forward/clock.js';

interface Due {
  readonly at: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  /** Not 0, so that "never" and "at the start" differ. */
  #now = 1_000_000;
  readonly #due = new Set<Due>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): Timer {
    const due = { at: this.#now + Math.max(0, delayMs), run };
    this.#due.add(due);
    return { cancel: () => this.#due.delete(due) };
  }

  /** Timers that have not run yet. */
  get pending(): number {
    return this.#due.size;
  }

  /**
   * Moves on by so much and runs what falls due, in order. `between` is awaited after each: what a timer
   * set going (promises, sockets) happens before the next one runs.
   */
  async advance(ms: number, between: () => Promise<void>): Promise<void> {
    const target = this.#now + ms;
    for (let next = this.#next(target); next !== undefined; next = this.#next(target)) {
      this.#due.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await between();
    }
    this.#now = target;
    await between();
  }

  #next(target: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) {
      if (due.at <= target && (first === undefined || due.at < first.at)) first = due;
    }
    return first;
  }
}
