/** What one watch has counted since its start, for metrics and the status page. */
import type { ApiFailureKind } from './api-failure.js';

/** Counters only grow. */
export interface WatchCounts {
  /** Objects taken from lists, the first one included. */
  listed: number;
  /** Added, modified and deleted events. */
  events: number;
  bookmarks: number;
  /** Events that came a second time. */
  duplicates: number;
  /** Whole lists after the first one. */
  relists: number;
  /** Streams given up because nothing came; quiet clusters have them too. */
  silences: number;
  /** Watches begun from a known resourceVersion. */
  resumes: number;
  /** Objects that DNS can't use and that were passed over. */
  skipped: number;
  /** Parts of kept objects that were left out. */
  trimmed: number;
  /** Differences to the API that a periodic comparison found and had mended. */
  differences: number;
  readonly failures: Map<ApiFailureKind, number>;
}

export function newWatchCounts(): WatchCounts {
  return {
    listed: 0,
    events: 0,
    bookmarks: 0,
    duplicates: 0,
    relists: 0,
    silences: 0,
    resumes: 0,
    skipped: 0,
    trimmed: 0,
    differences: 0,
    failures: new Map(),
  };
}
