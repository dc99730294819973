/** An upstream's answering time: a smoothed mean and deviation, and the wait after which an answer is late (RFC 6298). */

/** Before anything was measured: longer than most answers, shorter than a user notices. */
const INITIAL_LATE_MS = 150;
/** A hedge sooner than this would race answers that are about to arrive. */
const MIN_LATE_MS = 10;
/** However slow an upstream usually is, a client does not wait longer before somebody else is asked. */
const MAX_LATE_MS = 400;

/** Measured times of one upstream, in milliseconds. */
export class RoundTrip {
  #mean: number | undefined;
  #deviation = 0;

  /** The smoothed mean; undefined before the first answer. */
  get meanMs(): number | undefined {
    return this.#mean;
  }

  /** After this long an answer is late: mean and four deviations, about the 95th percentile or more. */
  get lateMs(): number {
    if (this.#mean === undefined) return INITIAL_LATE_MS;
    return Math.min(MAX_LATE_MS, Math.max(MIN_LATE_MS, this.#mean + 4 * this.#deviation));
  }

  /** Takes one measured answer; weights 1/8 and 1/4 as in RFC 6298 §2. */
  sample(elapsedMs: number): void {
    if (this.#mean === undefined) {
      this.#mean = elapsedMs;
      this.#deviation = elapsedMs / 2;
      return;
    }
    this.#deviation += (Math.abs(elapsedMs - this.#mean) - this.#deviation) / 4;
    this.#mean += (elapsedMs - this.#mean) / 8;
  }
}
