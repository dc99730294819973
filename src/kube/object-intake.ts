/** Takes API objects of one kind into the store: cut, compared, counted, told once when something is left out. */

import type { Logger } from '../observe/logger.js';
import { cutMeta } from './cut-meta.js';
import { type CutObject, cutObject } from './cut-object.js';
import type { Interner } from './interner.js';
import type { ObjectVersion } from './list-comparison.js';
import type { KubeChange, KubeKind } from './objects.js';
import { type ObjectStore, storeKey } from './store.js';
import type { WatchCounts } from './watch-counts.js';

/** Reasons that were told already; more than this many and the table starts anew. */
const MAX_TOLD = 10_000;

export interface ObjectIntakeOptions {
  readonly kind: KubeKind;
  readonly store: ObjectStore;
  readonly interner: Interner;
  readonly counts: WatchCounts;
  readonly logger: Logger;
  readonly onChange: (change: KubeChange, receivedAt: number) => void;
}

export class ObjectIntake {
  readonly #options: ObjectIntakeOptions;
  readonly #told = new Set<string>();
  /** Versions of objects that DNS can't use, so that a comparison doesn't miss them. */
  readonly #unused = new Map<string, string>();
  /** Keys that the list being read has named; undefined outside of a list. */
  #listed: Set<string> | undefined;
  /** Keys deleted since a comparison began; undefined outside of one. */
  #deleted: Set<string> | undefined;

  constructor(options: ObjectIntakeOptions) {
    this.#options = options;
  }

  /** Cuts an object without taking it in. */
  cut(value: unknown): CutObject {
    return cutObject(this.#options.kind, value, this.#options.interner);
  }

  /** Names and version alone. */
  identify(value: unknown): ObjectVersion | undefined {
    const { kind, interner } = this.#options;
    return cutMeta(kind, value, { interner, drop: () => {} });
  }

  /** The version that was taken in last, also of an object that DNS can't use. */
  versionOf(namespace: string, name: string): string | undefined {
    const { kind, store } = this.#options;
    const kept = store.get(kind, namespace, name);
    return kept?.resourceVersion ?? this.#unused.get(storeKey(namespace, name));
  }

  /** From here on what is put counts as listed; what an earlier, unfinished list named is forgotten. */
  beginList(): void {
    this.#listed = new Set();
  }

  /** Takes an added, modified or listed object; one that DNS can't use takes the place of nothing. */
  put(cut: CutObject, receivedAt: number): void {
    this.#tell(cut);
    if (cut.id === undefined) return;
    const { namespace, name } = cut.id;
    const key = storeKey(namespace, name);
    this.#listed?.add(key);
    this.#deleted?.delete(key);
    if (cut.object === undefined) this.#unused.set(key, cut.resourceVersion);
    else this.#unused.delete(key);
    this.#apply(cut.id, cut.object, receivedAt);
  }

  /** Takes a deletion. */
  remove(cut: CutObject, receivedAt: number): void {
    if (cut.id === undefined) return;
    const key = storeKey(cut.id.namespace, cut.id.name);
    this.#listed?.delete(key);
    this.#deleted?.add(key);
    this.#unused.delete(key);
    this.#apply(cut.id, undefined, receivedAt);
  }

  /**
   * The list is complete: everything else of this kind is gone from the API. Nothing is deleted before
   * this, so no name is missing while a list comes in.
   */
  async endList(receivedAt: number, pause: () => Promise<void>): Promise<void> {
    const listed = this.#listed ?? new Set();
    this.#listed = undefined;
    const { kind, store } = this.#options;
    const gone: { namespace: string; name: string }[] = [];
    for (const { namespace, name } of store.all(kind)) {
      if (!listed.has(storeKey(namespace, name))) gone.push({ namespace, name });
    }
    for (const key of this.#unused.keys()) if (!listed.has(key)) this.#unused.delete(key);
    for (const id of gone) {
      this.#deleted?.add(storeKey(id.namespace, id.name));
      this.#apply(id, undefined, receivedAt);
      await pause();
    }
  }

  /** The list came to nothing; what it brought stays, nothing is deleted for it. */
  dropList(): void {
    this.#listed = undefined;
  }

  /** Begins or ends noting deletions. */
  noteDeletions(on: boolean): void {
    this.#deleted = on ? new Set() : undefined;
  }

  /** The deletions noted so far; empty outside of a comparison. */
  get deletions(): ReadonlySet<string> {
    return this.#deleted ?? new Set();
  }

  #apply(
    id: { readonly namespace: string; readonly name: string },
    object: CutObject['object'],
    receivedAt: number,
  ): void {
    const { kind, store, onChange } = this.#options;
    const change = store.apply({ kind, ...id, ...(object === undefined ? {} : { object }) });
    if (change !== undefined) onChange(change, receivedAt);
  }

  #tell(cut: CutObject): void {
    if (cut.dropped.length === 0) return;
    const { counts, logger } = this.#options;
    if (cut.object === undefined) counts.skipped += 1;
    else counts.trimmed += cut.dropped.length;
    const line = `${cut.description}: ${cut.dropped.join('; ')}`;
    if (this.#told.has(line)) return;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(line);
    const message =
      cut.object === undefined ? 'object is not used' : 'parts of an object are not used';
    logger.warn({ object: cut.description, reasons: cut.dropped }, message);
  }
}
