/** Deletes objects whose owner is gone, by their `ownerReferences`. */
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import { copyObject, type JsonObject, objectAt, objectsAt, textAt } from './json.js';
import { nameOf, namespaceOf } from './object-identity.js';
import type { StoreEvent } from './object-store.js';
import type { ResourceType } from './resource-type.js';

interface Dependent {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
}

export class GarbageCollector implements Controller {
  readonly #cluster: Cluster;
  /** Dependents by the uid of their owner, by their own uid. */
  readonly #dependents = new Map<string, Map<string, Dependent>>();
  readonly #gone = new Set<string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  observe({ resource, type, object, previous }: StoreEvent): void {
    const uid = textAt(object, 'metadata', 'uid');
    for (const owner of ownersOf(previous)) this.#dependents.get(owner)?.delete(uid);
    if (type === 'DELETED') {
      this.#gone.add(uid);
      return;
    }
    for (const owner of ownersOf(object)) {
      const entry = { type: resource, namespace: namespaceOf(object), name: nameOf(object) };
      const entries = this.#dependents.get(owner) ?? new Map<string, Dependent>();
      this.#dependents.set(owner, entries.set(uid, entry));
    }
  }

  work(): boolean {
    if (this.#gone.size === 0) return false;
    const batch = [...this.#gone];
    this.#gone.clear();
    for (const owner of batch) {
      const entries = [...(this.#dependents.get(owner)?.values() ?? [])];
      this.#dependents.delete(owner);
      for (const { type, namespace, name } of entries) {
        if (this.#cluster.store.get(type, namespace, name) === undefined) continue;
        this.#cluster.delete(type, namespace, name);
      }
    }
    return true;
  }

  orphan(owner: JsonObject): void {
    const uid = textAt(owner, 'metadata', 'uid');
    for (const { type, namespace, name } of [...(this.#dependents.get(uid)?.values() ?? [])]) {
      const object = this.#cluster.store.get(type, namespace, name);
      if (object === undefined) continue;
      const copy = copyObject(object);
      const meta = objectAt(copy, 'metadata');
      meta['ownerReferences'] = objectsAt(meta, 'ownerReferences').filter(
        (reference) => reference['uid'] !== uid,
      );
      this.#cluster.save(type, copy);
    }
  }
}

function ownersOf(object: JsonObject | undefined): string[] {
  return objectsAt(object, 'metadata', 'ownerReferences').map((reference) =>
    textAt(reference, 'uid'),
  );
}
