/** Makes Endpoints and EndpointSlices for Services with a selector. */
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import { makeSubsets } from './endpoints-subsets.js';
import { groupBy } from './group-by.js';
import {
  copyObject,
  type Json,
  type JsonObject,
  objectAt,
  sameJson,
  textAt,
  textMapAt,
} from './json.js';
import { matchesPairs } from './label-selector.js';
import { nameOf, nameSuffix, namespaceOf, ownerReference } from './object-identity.js';
import { keyOf, type StoreEvent } from './object-store.js';
import { resourceOf } from './resource-type.js';
import {
  familiesOf,
  inheritedLabels,
  type PodEndpoint,
  podAddress,
  podReference,
  portSetKey,
  type ResolvedPort,
  selectEndpoints,
} from './service-endpoints.js';
import { hasSelector, serviceType } from './service-fields.js';
import { orNull, planSlices, type SliceContent } from './slice-packing.js';

const SERVICE = resourceOf('Service');
const POD = resourceOf('Pod');
const NODE = resourceOf('Node');
const ENDPOINTS = resourceOf('Endpoints');
const SLICE = resourceOf('EndpointSlice');

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';
/** When the change behind an Endpoints object happened: the SLI of DNS programming starts there. */
const TRIGGER_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';
const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** Brings one Service after the other up to date. */
export class EndpointsController implements Controller {
  readonly #cluster: Cluster;
  /** Keys of services to do, with the wall-clock time of the first change. */
  readonly #dirty = new Map<string, number>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  observe(event: StoreEvent): void {
    const { resource, object, previous } = event;
    if (resource === SERVICE) this.#mark(object);
    else if (resource === POD) {
      this.#markSelecting(object);
      if (previous !== undefined) this.#markSelecting(previous);
    } else if (resource === NODE) {
      for (const service of this.#cluster.store.list(SERVICE)) this.#mark(service);
    } else if ((resource === ENDPOINTS || resource === SLICE) && event.type !== 'ADDED') {
      // Somebody may have written over what this controller made.
      const name =
        resource === ENDPOINTS
          ? nameOf(object)
          : textAt(object, 'metadata', 'labels', SERVICE_NAME_LABEL);
      const service = this.#cluster.store.get(SERVICE, namespaceOf(object), name);
      if (service !== undefined) this.#mark(service);
    }
  }

  work(): boolean {
    if (this.#dirty.size === 0) return false;
    const batch = [...this.#dirty];
    this.#dirty.clear();
    for (const [key, since] of batch) this.#sync(key, since);
    return true;
  }

  #mark(service: JsonObject): void {
    const key = keyOf(namespaceOf(service), nameOf(service));
    if (!this.#dirty.has(key)) this.#dirty.set(key, this.#cluster.surroundings.now());
  }

  #markSelecting(pod: JsonObject): void {
    const labels = textMapAt(pod, 'metadata', 'labels');
    for (const service of this.#cluster.store.list(SERVICE, namespaceOf(pod))) {
      if (matchesPairs(textMapAt(service, 'spec', 'selector'), labels)) this.#mark(service);
    }
  }

  #sync(key: string, since: number): void {
    const [namespace = '', name = ''] = key.split('/');
    const service = this.#cluster.store.get(SERVICE, namespace, name);
    if (service === undefined) {
      // Slices go with their owner; an Endpoints object goes by its name, even a user's own.
      this.#cluster.drop(ENDPOINTS, namespace, name);
      return;
    }
    if (!hasSelector(service) || serviceType(service) === 'ExternalName') return;
    const pods = this.#cluster.store.list(POD, namespace);
    const endpoints = selectEndpoints(service, pods);
    this.#syncEndpoints(service, endpoints, since);
    this.#syncSlices(service, endpoints, since);
  }

  #syncEndpoints(service: JsonObject, endpoints: readonly PodEndpoint[], since: number): void {
    const { store } = this.#cluster;
    const present = store.get(ENDPOINTS, namespaceOf(service), nameOf(service));
    const subsets = makeSubsets(service, endpoints);
    const labels: JsonObject = {
      ...inheritedLabels(service),
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
    };
    const unchanged =
      present !== undefined &&
      sameJson(present['subsets'] ?? [], subsets) &&
      sameJson(objectAt(present, 'metadata', 'labels'), labels);
    if (unchanged) return;
    this.#cluster.save(ENDPOINTS, {
      kind: 'Endpoints',
      apiVersion: 'v1',
      metadata: {
        ...copyObject(objectAt(present, 'metadata')),
        namespace: namespaceOf(service),
        name: nameOf(service),
        labels,
        annotations: trigger(since),
      },
      ...(subsets.length === 0 ? {} : { subsets }),
    });
  }

  #syncSlices(service: JsonObject, endpoints: readonly PodEndpoint[], since: number): void {
    const wanted = familiesOf(service).flatMap((family) => this.#contentOf(family, endpoints));
    const present = this.#cluster.store.list(SLICE, namespaceOf(service)).filter((slice) => {
      const labels = textMapAt(slice, 'metadata', 'labels');
      return labels[SERVICE_NAME_LABEL] === nameOf(service) && labels[MANAGED_BY_LABEL] === MANAGER;
    });
    const labels: JsonObject = {
      ...inheritedLabels(service),
      [SERVICE_NAME_LABEL]: nameOf(service),
      [MANAGED_BY_LABEL]: MANAGER,
    };
    const plan = planSlices(present, wanted);
    for (const slice of plan.remove) this.#cluster.drop(SLICE, namespaceOf(slice), nameOf(slice));
    for (const content of plan.create) this.#createSlice(service, labels, content, since);
    const updated = new Map(plan.update.map(({ slice, endpoints: list }) => [slice, list]));
    for (const slice of present) {
      if (plan.remove.includes(slice)) continue;
      const list = updated.get(slice);
      if (list === undefined && sameJson(objectAt(slice, 'metadata', 'labels'), labels)) continue;
      this.#updateSlice(slice, labels, list, since);
    }
  }

  #contentOf(family: string, endpoints: readonly PodEndpoint[]): SliceContent[] {
    const groups = groupBy(
      endpoints.filter(({ pod }) => podAddress(pod, family) !== ''),
      ({ ports }) => portSetKey(ports),
    );
    if (groups.size === 0) return [{ addressType: family, ports: [], endpoints: [] }];
    return [...groups.values()].map((group) => ({
      addressType: family,
      ports: (group[0]?.ports ?? []).map(toSlicePort),
      endpoints: group.map((endpoint) => this.#toSliceEndpoint(endpoint, family)),
    }));
  }

  #toSliceEndpoint(endpoint: PodEndpoint, family: string): JsonObject {
    const { pod, hostname, ready, serving, terminating } = endpoint;
    const nodeName = textAt(pod, 'spec', 'nodeName');
    const node = this.#cluster.store.get(NODE, '', nodeName);
    const zone = textAt(node, 'metadata', 'labels', ZONE_LABEL);
    return {
      addresses: [podAddress(pod, family)],
      conditions: { ready, serving, terminating },
      ...(hostname === '' ? {} : { hostname }),
      ...(nodeName === '' ? {} : { nodeName }),
      ...(zone === '' ? {} : { zone }),
      targetRef: podReference(pod),
    };
  }

  #createSlice(
    service: JsonObject,
    labels: JsonObject,
    content: SliceContent,
    since: number,
  ): void {
    const prefix = `${nameOf(service)}-`;
    this.#cluster.save(SLICE, {
      metadata: {
        namespace: namespaceOf(service),
        name: `${prefix}${nameSuffix(this.#cluster.surroundings.random)}`,
        generateName: prefix,
        generation: 1,
        labels: { ...labels },
        annotations: trigger(since),
        ownerReferences: [ownerReference(service)],
      },
      addressType: content.addressType,
      endpoints: orNull(content.endpoints),
      ports: orNull(content.ports),
    });
  }

  #updateSlice(
    slice: JsonObject,
    labels: JsonObject,
    endpoints: JsonObject[] | undefined,
    since: number,
  ): void {
    const copy = copyObject(slice);
    const meta = objectAt(copy, 'metadata');
    meta['labels'] = { ...labels };
    if (endpoints !== undefined) {
      copy['endpoints'] = orNull(endpoints);
      meta['generation'] = Number(meta['generation'] ?? 0) + 1;
      meta['annotations'] = trigger(since);
    }
    this.#cluster.save(SLICE, copy);
  }
}

function toSlicePort({ name, port, protocol, appProtocol }: ResolvedPort): JsonObject {
  return { name, port, protocol, ...(appProtocol === '' ? {} : { appProtocol }) };
}

function trigger(since: number): Json {
  return { [TRIGGER_ANNOTATION]: new Date(since).toISOString() };
}
