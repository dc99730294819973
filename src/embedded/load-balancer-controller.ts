/** The cloud provider of the demo: gives LoadBalancer Services an address that is never the asked-for one. */
import { type AddressRange, addressRange } from './address-range.js';
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import { copyObject, type JsonObject, objectsAt, textAt, textsAt } from './json.js';
import { nameOf, namespaceOf } from './object-identity.js';
import { keyOf, type StoreEvent } from './object-store.js';
import { resourceOf } from './resource-type.js';
import { serviceType } from './service-fields.js';

const SERVICE = resourceOf('Service');
/** RFC 5737 and RFC 3849: addresses for documentation. */
const RANGES: readonly string[] = ['203.0.113.0/24', '2001:db8:1b::/112'];

export class LoadBalancerController implements Controller {
  readonly #cluster: Cluster;
  readonly #ranges: readonly AddressRange[] = RANGES.map(addressRange);
  readonly #dirty = new Set<string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  observe({ resource, type, object }: StoreEvent): void {
    if (resource === SERVICE && type !== 'DELETED' && serviceType(object) === 'LoadBalancer') {
      this.#dirty.add(keyOf(namespaceOf(object), nameOf(object)));
    }
  }

  work(): boolean {
    if (this.#dirty.size === 0) return false;
    const batch = [...this.#dirty];
    this.#dirty.clear();
    for (const key of batch) {
      const [namespace = '', name = ''] = key.split('/');
      const service = this.#cluster.store.get(SERVICE, namespace, name);
      if (service !== undefined && isOurs(service)) this.#provide(service);
    }
    return true;
  }

  #provide(service: JsonObject): void {
    const families = textsAt(service, 'spec', 'ipFamilies');
    const taken = new Set(
      this.#cluster.store
        .list(SERVICE)
        .flatMap((other) => objectsAt(other, 'status', 'loadBalancer', 'ingress'))
        .map((ingress) => textAt(ingress, 'ip')),
    );
    const ingress = this.#ranges
      .filter((range) => families.includes(range.family))
      .flatMap((range) => freeAddress(range, taken))
      .map((ip) => ({ ip, ipMode: 'VIP' }));
    if (ingress.length === 0) return;
    this.#cluster.save(SERVICE, { ...copyObject(service), status: { loadBalancer: { ingress } } });
  }
}

/** Without an address yet, and not left to another provider. */
function isOurs(service: JsonObject): boolean {
  return (
    serviceType(service) === 'LoadBalancer' &&
    textAt(service, 'spec', 'loadBalancerClass') === '' &&
    objectsAt(service, 'status', 'loadBalancer', 'ingress').length === 0
  );
}

function freeAddress(range: AddressRange, taken: ReadonlySet<string>): string[] {
  for (let offset = 1; offset < range.size - 1; offset += 1) {
    const ip = range.at(offset);
    if (!taken.has(ip)) return [ip];
  }
  return [];
}
