/**
 * Gathers changes for a few milliseconds, so that a rolling update is derived once and not fifty times.
 *
 * The first change after a quiet time goes out at once: a service that was just created is asked for now.
 */
import type { KubeClock } from './kube-clock.js';
import type { KubeChange } from './objects.js';
import type { ChangeBatch } from './watch-source.js';

/** A batch goes out when nothing came for this long ... */
const QUIET_MS = 2;
/** ... or at the latest this long after its first change, */
const LONGEST_MS = 10;
/** ... or when its work would hold the event loop up: an endpoint costs a few microseconds to derive. */
const MAX_WEIGHT = 1000;
const OBJECT_WEIGHT = 4;

export class ChangeBatcher {
  readonly #clock: KubeClock;
  readonly #listener: (batch: ChangeBatch) => void;
  #changes: KubeChange[] = [];
  #weight = 0;
  #receivedAt = 0;
  #firstAt = 0;
  #lastAt = 0;
  #flushedAt = Number.NEGATIVE_INFINITY;
  /** How long a quiet time is: longer after a batch that took long. */
  #restMs = QUIET_MS;
  #cancel: (() => void) | undefined;

  constructor(clock: KubeClock, listener: (batch: ChangeBatch) => void) {
    this.#clock = clock;
    this.#listener = listener;
  }

  add(change: KubeChange, receivedAt: number): void {
    const now = this.#clock.now();
    if (this.#changes.length === 0) {
      this.#receivedAt = receivedAt;
      this.#firstAt = now;
    }
    this.#lastAt = now;
    this.#changes.push(change);
    this.#weight += weightOf(change);
    const isQuiet = now - this.#flushedAt >= this.#restMs && this.#cancel === undefined;
    if (this.#weight >= MAX_WEIGHT || isQuiet) this.flush();
    else if (this.#cancel === undefined) this.#arm(QUIET_MS);
  }

  /** Hands out what is gathered, now. */
  flush(): void {
    this.close();
    if (this.#changes.length === 0) return;
    const batch = { changes: this.#changes, receivedAt: this.#receivedAt };
    this.#changes = [];
    this.#weight = 0;
    const startedAt = this.#clock.now();
    this.#listener(batch);
    this.#flushedAt = this.#clock.now();
    // at least half of the time stays for everything else, however large the services that change
    this.#restMs = Math.max(QUIET_MS, Math.min(this.#flushedAt - startedAt, LONGEST_MS));
  }

  /** Takes the timer off; what is gathered stays. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(delayMs: number): void {
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#cancel = undefined;
      const now = this.#clock.now();
      const quietLeft = this.#lastAt + QUIET_MS - now;
      const left = Math.min(quietLeft, this.#firstAt + LONGEST_MS - now);
      if (left > 0) this.#arm(left);
      else this.flush();
    });
  }
}

function weightOf(change: KubeChange): number {
  const object = change.after ?? change.before;
  return OBJECT_WEIGHT + (object?.kind === 'EndpointSlice' ? object.endpoints.length : 0);
}
