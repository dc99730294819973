/** What the kube room gives to the rest: a store that follows the API, in batches of changes. */
import type { KubeChange, KubeKind } from './objects.js';
import type { KubeSnapshot } from './snapshot.js';

/** The state of one watch, for /ready, explain, metrics and the status page. */
export interface WatchState {
  readonly kind: KubeKind;
  /** Whether the first list is in; never becomes false again. */
  readonly synced: boolean;
  /** Whether list or watch is working at the moment. */
  readonly connected: boolean;
  /** Wall-clock milliseconds of the last event, bookmark or list; 0 before any. */
  readonly lastActivityAt: number;
  /** Why it is not connected, in one line with the mend; empty when it is. */
  readonly problem: string;
  readonly resourceVersion: string;
  readonly objects: number;
  readonly relists: number;
}

/** Changes that were gathered for a few milliseconds, in the order in which they came. */
export interface ChangeBatch {
  readonly changes: readonly KubeChange[];
  /** Wall-clock milliseconds at which the first of them was read from the socket. */
  readonly receivedAt: number;
}

export interface WatchSource {
  readonly snapshot: KubeSnapshot;
  /** Kinds that this source watches. */
  readonly kinds: readonly KubeKind[];
  states(): readonly WatchState[];
  /** Whether every watch has had its first list. */
  synced(): boolean;
  /** Called with each batch after the snapshot holds it. One listener. Set before start. */
  onBatch(listener: (batch: ChangeBatch) => void): void;
  /** Called once, after the batch that completed the last first list. */
  onSynced(listener: () => void): void;
  start(): void;
  close(): Promise<void>;
}
