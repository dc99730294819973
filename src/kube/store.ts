/** The store of cut objects with the indices that record derivation and explain look things up by. */
import { MultiIndex } from './multi-index.js';
import type {
  KubeChange,
  KubeEndpointSlice,
  KubeKind,
  KubeNamespace,
  KubeNode,
  KubeObject,
  KubePod,
  KubeService,
} from './objects.js';
import { sameObject } from './same-object.js';
import type { KubeSnapshot } from './snapshot.js';

/** What is true of one object now; `object` absent: it is gone. */
export interface StoreUpdate {
  readonly kind: KubeKind;
  readonly namespace: string;
  readonly name: string;
  readonly object?: KubeObject;
}

/** The key of an object within its kind. */
export function storeKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** One writer (the reflectors of one watch), any number of readers on the same thread. */
export class ObjectStore implements KubeSnapshot {
  readonly #services = new Map<string, KubeService>();
  readonly #slices = new Map<string, KubeEndpointSlice>();
  readonly #namespaces = new Map<string, KubeNamespace>();
  readonly #pods = new Map<string, KubePod>();
  readonly #nodes = new Map<string, KubeNode>();
  readonly #servicesByIp = new MultiIndex();
  readonly #slicesByService = new MultiIndex();
  readonly #slicesByAddress = new MultiIndex();
  readonly #podsByAddress = new MultiIndex();

  /**
   * Takes an update. The change that comes of it, or undefined when everything that is kept stays the
   * same; the version is taken over in any case.
   */
  apply(update: StoreUpdate): KubeChange | undefined {
    const { kind } = update;
    const key = storeKey(update.namespace, update.name);
    const before = this.#map(kind).get(key);
    const after = update.object;
    if (after === undefined) {
      if (before === undefined) return undefined;
      this.#map(kind).delete(key);
      this.#index(key, before, undefined);
      return { kind, before };
    }
    if (before !== undefined && sameObject(before, after)) {
      // the older content stays, so that the indices and the object go on sharing their texts
      if (before.resourceVersion !== after.resourceVersion) {
        this.#put(key, { ...before, resourceVersion: after.resourceVersion });
      }
      return undefined;
    }
    this.#put(key, after);
    this.#index(key, before, after);
    return before === undefined ? { kind, after } : { kind, before, after };
  }

  /** The object of this kind, whatever the kind. */
  get(kind: KubeKind, namespace: string, name: string): KubeObject | undefined {
    return this.#map(kind).get(storeKey(namespace, name));
  }

  /** Every object of a kind. */
  all(kind: KubeKind): Iterable<KubeObject> {
    return this.#map(kind).values();
  }

  count(kind: KubeKind): number {
    return this.#map(kind).size;
  }

  service(namespace: string, name: string): KubeService | undefined {
    return this.#services.get(storeKey(namespace, name));
  }

  services(): Iterable<KubeService> {
    return this.#services.values();
  }

  slicesOf(namespace: string, service: string): readonly KubeEndpointSlice[] {
    return pick(this.#slices, this.#slicesByService.keys(storeKey(namespace, service)));
  }

  slices(): Iterable<KubeEndpointSlice> {
    return this.#slices.values();
  }

  namespace(name: string): KubeNamespace | undefined {
    return this.#namespaces.get(storeKey('', name));
  }

  namespaces(): Iterable<KubeNamespace> {
    return this.#namespaces.values();
  }

  pods(): Iterable<KubePod> {
    return this.#pods.values();
  }

  nodes(): Iterable<KubeNode> {
    return this.#nodes.values();
  }

  servicesByClusterIP(address: string): readonly KubeService[] {
    return pick(this.#services, this.#servicesByIp.keys(address));
  }

  slicesByAddress(address: string): readonly KubeEndpointSlice[] {
    return pick(this.#slices, this.#slicesByAddress.keys(address));
  }

  podsByAddress(address: string): readonly KubePod[] {
    return pick(this.#pods, this.#podsByAddress.keys(address));
  }

  #map(kind: KubeKind): ObjectMap {
    switch (kind) {
      case 'Service':
        return this.#services;
      case 'EndpointSlice':
        return this.#slices;
      case 'Namespace':
        return this.#namespaces;
      case 'Pod':
        return this.#pods;
      case 'Node':
        return this.#nodes;
    }
  }

  #put(key: string, object: KubeObject): void {
    switch (object.kind) {
      case 'Service':
        this.#services.set(key, object);
        break;
      case 'EndpointSlice':
        this.#slices.set(key, object);
        break;
      case 'Namespace':
        this.#namespaces.set(key, object);
        break;
      case 'Pod':
        this.#pods.set(key, object);
        break;
      case 'Node':
        this.#nodes.set(key, object);
    }
  }

  #index(key: string, before: KubeObject | undefined, after: KubeObject | undefined): void {
    const kind = before?.kind ?? after?.kind;
    if (kind === 'Service') {
      this.#servicesByIp.move(key, clusterIPsOf(before), clusterIPsOf(after));
    } else if (kind === 'EndpointSlice') {
      this.#slicesByService.move(key, serviceOf(before), serviceOf(after));
      this.#slicesByAddress.move(key, addressesOf(before), addressesOf(after));
    } else if (kind === 'Pod') {
      this.#podsByAddress.move(key, addressesOf(before), addressesOf(after));
    }
  }
}

/** The part of a map that is the same for every kind of object. */
interface ObjectMap {
  readonly size: number;
  get(key: string): KubeObject | undefined;
  delete(key: string): boolean;
  values(): Iterable<KubeObject>;
}

function clusterIPsOf(object: KubeObject | undefined): readonly string[] {
  return object?.kind === 'Service' ? object.clusterIPs : [];
}

function serviceOf(object: KubeObject | undefined): readonly string[] {
  return object?.kind === 'EndpointSlice' ? [storeKey(object.namespace, object.serviceName)] : [];
}

function addressesOf(object: KubeObject | undefined): readonly string[] {
  if (object?.kind === 'Pod') return object.podIPs;
  if (object?.kind !== 'EndpointSlice') return [];
  return object.endpoints.flatMap((endpoint) => endpoint.addresses);
}

function pick<T>(objects: ReadonlyMap<string, T>, keys: readonly string[]): readonly T[] {
  const out: T[] = [];
  for (const key of keys) {
    const object = objects.get(key);
    if (object !== undefined) out.push(object);
  }
  return out;
}
