/** Compares what is kept of one kind with a list of the API: the second line of defence behind the watch. */
import type { ApiFailure } from './api-failure.js';
import type { ListResult } from './list-stream.js';
import { isOlder } from './resource-version.js';
import { storeKey } from './store.js';

/** An object's names and version. */
export interface ObjectVersion {
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
}

export interface ListComparison {
  /** Reads a list; metadata is enough. */
  readonly list: (onItem: (item: unknown) => void) => Promise<ListResult>;
  /** Names and version of a listed item; undefined when it has none that are valid. */
  readonly identify: (item: unknown) => ObjectVersion | undefined;
  /** Everything that is kept of this kind. */
  readonly kept: () => Iterable<ObjectVersion>;
  /** The version that was taken in last, also of an object that DNS can't use; undefined: none. */
  readonly versionOf: (namespace: string, name: string) => string | undefined;
  /** Keys that the watch has seen deleted since the comparison began. */
  readonly deletions: () => ReadonlySet<string>;
  /** Waits until events that are on their way have come in. */
  readonly grace: () => Promise<void>;
}

/**
 * How many objects differ after the grace; a failed list is a failure. Versions are compared, not
 * contents: equal versions mean equal contents, and a list of metadata is a tenth of the whole.
 */
export async function findDifferences(
  comparison: ListComparison,
): Promise<{ readonly differences: number } | ApiFailure> {
  const { versionOf } = comparison;
  const listed = new Set<string>();
  const suspects: ObjectVersion[] = [];
  const result = await comparison.list((item) => {
    const id = comparison.identify(item);
    if (id === undefined) return;
    listed.add(storeKey(id.namespace, id.name));
    if (versionOf(id.namespace, id.name) !== id.resourceVersion) suspects.push(id);
  });
  if (!result.ok) return result.failure;
  const extras: ObjectVersion[] = [];
  for (const one of comparison.kept()) {
    if (!listed.has(storeKey(one.namespace, one.name))) extras.push(one);
  }
  if (suspects.length + extras.length === 0) return { differences: 0 };
  await comparison.grace();
  const deletions = comparison.deletions();
  const differing = suspects.filter(({ namespace, name, resourceVersion }) => {
    if (deletions.has(storeKey(namespace, name))) return false;
    const version = versionOf(namespace, name);
    return version !== resourceVersion && !isAhead(version, result.resourceVersion);
  });
  const surplus = extras.filter(({ namespace, name }) => {
    const version = versionOf(namespace, name);
    return version !== undefined && !isAhead(version, result.resourceVersion);
  });
  return { differences: differing.length + surplus.length };
}

/** Whether what is kept is newer than the list, so that the list proves nothing against it. */
function isAhead(version: string | undefined, listVersion: string): boolean {
  return version !== undefined && isOlder(listVersion, version);
}
