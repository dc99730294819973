/** Mirrors hand-written Endpoints of Services without selectors into EndpointSlices. */
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from './endpoints-controller.js';
import { copyObject, type JsonObject, objectAt, objectsAt, textAt, textMapAt } from './json.js';
import { addressFamily } from './name-rules.js';
import { nameOf, nameSuffix, namespaceOf, ownerReference } from './object-identity.js';
import { keyOf, type StoreEvent } from './object-store.js';
import { resourceOf } from './resource-type.js';
import { hasSelector } from './service-fields.js';
import { orNull, planSlices, type SliceContent } from './slice-packing.js';

const SERVICE = resourceOf('Service');
const ENDPOINTS = resourceOf('Endpoints');
const SLICE = resourceOf('EndpointSlice');
const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** `--mirroring-max-endpoints-per-subset`. */
const MAX_PER_SUBSET = 1000;

export class MirroringController implements Controller {
  readonly #cluster: Cluster;
  readonly #dirty = new Set<string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  observe({ resource, object }: StoreEvent): void {
    if (resource === SERVICE || resource === ENDPOINTS) {
      this.#dirty.add(keyOf(namespaceOf(object), nameOf(object)));
    } else if (resource === SLICE && managed(object)) {
      const name = textAt(object, 'metadata', 'labels', SERVICE_NAME_LABEL);
      this.#dirty.add(keyOf(namespaceOf(object), name));
    }
  }

  work(): boolean {
    if (this.#dirty.size === 0) return false;
    const batch = [...this.#dirty];
    this.#dirty.clear();
    for (const key of batch) this.#sync(key);
    return true;
  }

  #sync(key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    const { store } = this.#cluster;
    const service = store.get(SERVICE, namespace, name);
    const endpoints = store.get(ENDPOINTS, namespace, name);
    const present = store
      .list(SLICE, namespace)
      .filter(
        (slice) =>
          managed(slice) && textAt(slice, 'metadata', 'labels', SERVICE_NAME_LABEL) === name,
      );
    const mirrors =
      service !== undefined &&
      endpoints !== undefined &&
      !hasSelector(service) &&
      textAt(endpoints, 'metadata', 'labels', SKIP_LABEL) !== 'true';
    const wanted = mirrors ? contentOf(endpoints) : [];
    const plan = planSlices(present, wanted);
    for (const slice of plan.remove) this.#cluster.drop(SLICE, namespace, nameOf(slice));
    if (endpoints === undefined) return;
    for (const content of plan.create) this.#create(endpoints, content);
    for (const { slice, endpoints: list } of plan.update) {
      const copy = copyObject(slice);
      copy['endpoints'] = orNull(list);
      Object.assign(objectAt(copy, 'metadata'), annotationsOf(endpoints));
      this.#cluster.save(SLICE, copy);
    }
  }

  #create(endpoints: JsonObject, content: SliceContent): void {
    const prefix = `${nameOf(endpoints)}-`;
    this.#cluster.save(SLICE, {
      metadata: {
        namespace: namespaceOf(endpoints),
        name: `${prefix}${nameSuffix(this.#cluster.surroundings.random)}`,
        generateName: prefix,
        generation: 1,
        labels: {
          ...textMapAt(endpoints, 'metadata', 'labels'),
          [SERVICE_NAME_LABEL]: nameOf(endpoints),
          [MANAGED_BY_LABEL]: MANAGER,
        },
        ...annotationsOf(endpoints),
        ownerReferences: [ownerReference(endpoints)],
      },
      addressType: content.addressType,
      endpoints: orNull(content.endpoints),
      ports: orNull(content.ports),
    });
  }
}

/** The user's own annotations as a part of `metadata`, without what kubectl apply keeps there. */
function annotationsOf(endpoints: JsonObject): JsonObject {
  const { [LAST_APPLIED]: _applied, ...rest } = textMapAt(endpoints, 'metadata', 'annotations');
  return Object.keys(rest).length === 0 ? {} : { annotations: rest };
}

function managed(slice: JsonObject): boolean {
  return textAt(slice, 'metadata', 'labels', MANAGED_BY_LABEL) === MANAGER;
}

/** The subsets by family and port set; subsets of one port set come together. */
function contentOf(endpoints: JsonObject): SliceContent[] {
  const groups = new Map<string, { content: SliceContent; list: JsonObject[] }>();
  for (const subset of objectsAt(endpoints, 'subsets')) {
    const ports = objectsAt(subset, 'ports').map((port) => ({
      name: textAt(port, 'name'),
      port: port['port'] ?? 0,
      protocol: textAt(port, 'protocol') || 'TCP',
      ...(textAt(port, 'appProtocol') === '' ? {} : { appProtocol: textAt(port, 'appProtocol') }),
    }));
    const all = [
      ...objectsAt(subset, 'addresses').map((address) => toEndpoint(address, true)),
      ...objectsAt(subset, 'notReadyAddresses').map((address) => toEndpoint(address, false)),
    ].slice(0, MAX_PER_SUBSET);
    for (const { addressType, endpoint } of all) {
      const key = `${addressType} ${JSON.stringify(ports)}`;
      let group = groups.get(key);
      if (group === undefined) {
        const list: JsonObject[] = [];
        group = { content: { addressType, ports, endpoints: list }, list };
        groups.set(key, group);
      }
      group.list.push(endpoint);
    }
  }
  return [...groups.values()].map(({ content }) => content);
}

function toEndpoint(
  address: JsonObject,
  ready: boolean,
): { addressType: string; endpoint: JsonObject } {
  const ip = textAt(address, 'ip');
  const optional: JsonObject = {};
  for (const field of ['hostname', 'nodeName', 'targetRef']) {
    const value = address[field];
    if (value !== undefined && value !== '') optional[field] = value;
  }
  return {
    addressType: addressFamily(ip) ?? 'IPv4',
    endpoint: { addresses: [ip], conditions: { ready }, ...optional },
  };
}
