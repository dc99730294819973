/** Compares what is kept of one kind with a list of the API: the second line of defence behind the watch. */
import type { ApiFailure } from './api-failure.js';
import type { CutObject } from './cut-object.js';
import type { ListResult } from './list-stream.js';
import type { KubeKind, KubeObject } from './objects.js';
import { compareResourceVersions } from './resource-version.js';
import { sameObject } from './same-object.js';
import { type ObjectStore, storeKey } from './store.js';

export interface ListComparison {
  readonly kind: KubeKind;
  readonly store: ObjectStore;
  /** Reads a list of the most recent state. */
  readonly list: (onItem: (item: unknown) => void) => Promise<ListResult>;
  readonly cut: (item: unknown) => CutObject;
  /** Keys that the watch has seen deleted since the comparison began. */
  readonly deletions: () => ReadonlySet<string>;
  /** Waits until events that are on their way have come in. */
  readonly grace: () => Promise<void>;
}

/** How many objects differ after the grace; a failed list is a failure. */
export async function findDifferences(
  comparison: ListComparison,
): Promise<{ readonly differences: number } | ApiFailure> {
  const { kind, store } = comparison;
  const listed = new Set<string>();
  const suspects: CutObject[] = [];
  const result = await comparison.list((item) => {
    const cut = comparison.cut(item);
    if (cut.id === undefined) return;
    listed.add(storeKey(cut.id.namespace, cut.id.name));
    if (!agrees(store.get(kind, cut.id.namespace, cut.id.name), cut.object)) suspects.push(cut);
  });
  if (!result.ok) return result.failure;
  const version = result.resourceVersion;
  const extras = [...store.all(kind)].filter((one) => !listed.has(keyOf(one)));
  if (suspects.length + extras.length === 0) return { differences: 0 };
  await comparison.grace();
  const deletions = comparison.deletions();
  const differing = suspects.filter(({ id, object }) => {
    if (id === undefined || deletions.has(storeKey(id.namespace, id.name))) return false;
    const kept = store.get(kind, id.namespace, id.name);
    return !agrees(kept, object) && !isBehind(version, kept);
  });
  const surplus = extras.filter((one) => {
    const kept = store.get(kind, one.namespace, one.name);
    return kept !== undefined && !isBehind(version, kept);
  });
  return { differences: differing.length + surplus.length };
}

function agrees(kept: KubeObject | undefined, listed: KubeObject | undefined): boolean {
  if (kept === undefined || listed === undefined) return kept === listed;
  return sameObject(kept, listed);
}

/** Whether the list is older than what is kept, so that it proves nothing against it. */
function isBehind(listVersion: string, kept: KubeObject | undefined): boolean {
  if (kept === undefined) return false;
  const order = compareResourceVersions(listVersion, kept.resourceVersion);
  return order !== undefined && order < 0;
}

function keyOf(object: KubeObject): string {
  return storeKey(object.namespace, object.name);
}
