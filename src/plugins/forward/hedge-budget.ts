/** Bounds the extra questions that hedging adds to what upstreams get. */

/** Extra questions per question: a tenth. */
const SHARE = 0.1;
/** As many may come at once after a quiet time. */
const BURST = 20;

/** A token bucket filled by questions, not by time: the share holds at any load. */
export class HedgeBudget {
  #tokens = BURST;

  /** Each question asked adds its share. */
  earn(): void {
    this.#tokens = Math.min(BURST, this.#tokens + SHARE);
  }

  /** Takes one extra question; false when the share is used up. */
  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
