/** Gives each Namespace its ServiceAccount, and empties and removes terminating ones. */
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import { isTerminating, nameOf, namespaceOf } from './object-identity.js';
import type { StoreEvent } from './object-store.js';
import { RESOURCE_TYPES, resourceOf } from './resource-type.js';

const NAMESPACE = resourceOf('Namespace');
const SERVICE_ACCOUNT = resourceOf('ServiceAccount');

export class NamespaceController implements Controller {
  readonly #cluster: Cluster;
  readonly #dirty = new Set<string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  observe({ resource, type, object }: StoreEvent): void {
    if (resource === NAMESPACE) this.#dirty.add(nameOf(object));
    // The last object of a terminating namespace may be gone now.
    else if (type === 'DELETED' && namespaceOf(object) !== '') this.#dirty.add(namespaceOf(object));
  }

  work(): boolean {
    if (this.#dirty.size === 0) return false;
    const batch = [...this.#dirty];
    this.#dirty.clear();
    for (const name of batch) {
      const namespace = this.#cluster.store.get(NAMESPACE, '', name);
      if (namespace === undefined) continue;
      if (isTerminating(namespace)) this.#empty(name);
      else this.#provide(name);
    }
    return true;
  }

  #provide(namespace: string): void {
    if (this.#cluster.store.get(SERVICE_ACCOUNT, namespace, 'default') !== undefined) return;
    this.#cluster.create(SERVICE_ACCOUNT, namespace, { metadata: { name: 'default' } });
  }

  #empty(namespace: string): void {
    let left = 0;
    for (const type of RESOURCE_TYPES) {
      if (!type.namespaced) continue;
      for (const object of this.#cluster.store.list(type, namespace)) {
        // A controller may have taken it away together with one before it.
        if (this.#cluster.store.get(type, namespace, nameOf(object)) === undefined) continue;
        if (!isTerminating(object)) this.#cluster.delete(type, namespace, nameOf(object));
      }
      left += this.#cluster.store.list(type, namespace).length;
    }
    if (left === 0) this.#cluster.drop(NAMESPACE, '', namespace);
  }
}
