/** The frame of the controllers that look after one kind of workload: notes which objects to sync. */
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
      const status = this.#sync(object);
      this.#saveStatus(namespace, name, status);
    }
    return true;
  }

  #saveStatus(namespace: string, name: string, status: JsonObject): void {
    const current = this.#cluster.store.get(this.#type, namespace, name);
    if (current === undefined || sameJson(objectAt(current, 'status'), status)) return;
    this.#cluster.save(this.#type, { ...copyObject(current), status });
  }
}
