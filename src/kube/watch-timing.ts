/** The times that a watch lives by. */
import { type BackOffBounds, DEFAULT_BACK_OFF } from './back-off.js';

export interface WatchTiming {
  readonly backOff: BackOffBounds;
  /** Until the head of a watch's answer is in. */
  readonly openMs: number;
  /** Silence after which a watch is given up and resumed; servers send a bookmark about once a minute. */
  readonly watchIdleMs: number;
  /** Silence in a streamed list after which a plain list is tried. */
  readonly initialIdleMs: number;
  /** Silence of a plain list. */
  readonly listIdleMs: number;
  /** The server ends a watch after this long, and up to as much again, so that watches spread (client-go). */
  readonly watchSeconds: number;
  /** A watch that has held this long makes the back-off begin from its start again. */
  readonly stableMs: number;
  /** A watch that ends well but sooner than this is waited after, lest a loop without pause comes of it. */
  readonly shortMs: number;
  /** Between two comparisons with a list, with up to a fifth more; 0: never. */
  readonly compareMs: number;
  /** How long a comparison waits for events that are still on their way. */
  readonly compareGraceMs: number;
}

export const DEFAULT_TIMING: WatchTiming = {
  backOff: DEFAULT_BACK_OFF,
  openMs: 15_000,
  watchIdleMs: 90_000,
  initialIdleMs: 10_000,
  listIdleMs: 30_000,
  watchSeconds: 300,
  stableMs: 5_000,
  shortMs: 1_000,
  compareMs: 600_000,
  compareGraceMs: 5_000,
};
