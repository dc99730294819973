/** Gives the event loop back while a long list is worked off, so that no query waits for it. */
import type { KubeClock } from './kube-clock.js';

/** Well below the 20 ms that an answer on the same thread may be held up. */
const SLICE_MS = 8;

export class Breather {
  readonly #clock: KubeClock;
  #since: number;

  constructor(clock: KubeClock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** Comes back at once, or after everything else that waited when this slice of time is used up. */
  async pause(): Promise<void> {
    if (this.#clock.now() - this.#since < SLICE_MS) return;
    await this.#clock.breathe();
    this.#since = this.#clock.now();
  }
}
