/** The frame of the controllers that look after one kind of workload: notes which objects to sync. */
import { ApiError } from './api-error.js';
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import { copyObject, type JsonObject, objectAt, sameJson, textAt } from './json.js';
import { isTerminating, nameOf, namespaceOf } from './object-identity.js';
import { keyOf, type StoreEvent } from './object-store.js';
import type { ResourceType } from './resource-type.js';
import { controllerUid } from './workload-pods.js';

/** Brings one object and what it owns up to date; returns its new status. */
export type SyncWorkload = (object: JsonObject) => JsonObject;

export class WorkloadController implements Controller {
  readonly #cluster: Cluster;
  readonly #type: ResourceType;
  readonly #owned: ResourceType;
  readonly #sync: SyncWorkload;
  readonly #dirty = new Set<string>();
  /** Keys of the workloads by uid: changes of owned objects lead back to them. */
  readonly #keys = new Map<string, string>();

  constructor(
    cluster: Cluster,
    options: {
      readonly type: ResourceType;
      readonly owned: ResourceType;
      readonly sync: SyncWorkload;
    },
  ) {
    this.#cluster = cluster;
    this.#type = options.type;
    this.#owned = options.owned;
    this.#sync = options.sync;
  }

  observe({ resource, type, object }: StoreEvent): void {
    if (resource === this.#owned) {
      const key = this.#keys.get(controllerUid(object));
      if (key !== undefined) this.#dirty.add(key);
      // Its name is free again, for which another workload may have waited.
      else if (type === 'DELETED') this.#markNamespace(namespaceOf(object));
    } else if (resource === this.#type) {
      const key = keyOf(namespaceOf(object), nameOf(object));
      const uid = textAt(object, 'metadata', 'uid');
      if (type === 'DELETED') this.#keys.delete(uid);
      else {
        this.#keys.set(uid, key);
        this.#dirty.add(key);
      }
    }
  }

  work(): boolean {
    if (this.#dirty.size === 0) return false;
    const batch = [...this.#dirty];
    this.#dirty.clear();
    for (const key of batch) {
      const [namespace = '', name = ''] = key.split('/');
      const object = this.#cluster.store.get(this.#type, namespace, name);
      if (object === undefined || isTerminating(object)) continue;
      const status = this.#trySync(object);
      if (status !== undefined) this.#saveStatus(namespace, name, status);
    }
    return true;
  }

  /** A refusal is no fault of whoever wrote last: the next change of what is owned tries again. */
  #trySync(object: JsonObject): JsonObject | undefined {
    try {
      return this.#sync(object);
    } catch (error) {
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  }

  #markNamespace(namespace: string): void {
    for (const key of this.#keys.values()) {
      if (key.startsWith(`${namespace}/`)) this.#dirty.add(key);
    }
  }

  #saveStatus(namespace: string, name: string, status: JsonObject): void {
    const current = this.#cluster.store.get(this.#type, namespace, name);
    if (current === undefined || sameJson(objectAt(current, 'status'), status)) return;
    this.#cluster.save(this.#type, { ...copyObject(current), status });
  }
}
