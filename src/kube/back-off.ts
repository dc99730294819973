/** Exponential back-off with full jitter: a delay drawn from 0 up to a doubling bound. */

/** Bounds in milliseconds. */
export interface BackOffBounds {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Instead of `maxMs` while there is nobody whom trying burdens: no connection comes to be. */
  readonly unreachableMaxMs: number;
}

/**
 * The bound starts at 200 ms, so that a restart of the API is noticed at once, and ends at 30 s as
 * client-go's does, because thousands of clients may be waiting for the same server.
 */
export const DEFAULT_BACK_OFF: BackOffBounds = {
  baseMs: 200,
  maxMs: 30_000,
  unreachableMaxMs: 10_000,
};

/** Successive delays of one reconnect loop. */
export class BackOff {
  readonly #bounds: BackOffBounds;
  readonly #random: () => number;
  #attempt = 0;

  constructor(bounds: BackOffBounds, random: () => number) {
    this.#bounds = bounds;
    this.#random = random;
  }

  /**
   * Milliseconds to wait before the next try.
   * @param wait.atLeastMs a Retry-After, jittered upwards
   * @param wait.unreachable whether no connection came to be
   */
  next(wait: { readonly atLeastMs: number; readonly unreachable: boolean }): number {
    const { baseMs, maxMs, unreachableMaxMs } = this.#bounds;
    const highest = wait.unreachable ? unreachableMaxMs : maxMs;
    const bound = Math.min(highest, baseMs * 2 ** this.#attempt);
    // 2^20 is far above every bound; the exponent must not run into Infinity
    if (this.#attempt < 20) this.#attempt += 1;
    return wait.atLeastMs + this.#random() * bound;
  }

  reset(): void {
    this.#attempt = 0;
  }
}
