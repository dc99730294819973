/** A Service's endpoints as the `subsets` of an Endpoints object (pure). */
import { flagAt, type Json, type JsonObject, textAt } from './json.js';
import {
  familiesOf,
  type PodEndpoint,
  podAddress,
  podReference,
  portSetKey,
  type ResolvedPort,
} from './service-endpoints.js';

interface Subset {
  readonly ports: readonly ResolvedPort[];
  readonly addresses: JsonObject[];
  readonly notReady: JsonObject[];
}

/** Groups endpoints by their port set; an Endpoints object holds one family, the Service's first. */
export function makeSubsets(service: JsonObject, endpoints: readonly PodEndpoint[]): Json[] {
  const family = familiesOf(service)[0] ?? 'IPv4';
  const publishAll = flagAt(service, 'spec', 'publishNotReadyAddresses');
  const subsets = new Map<string, Subset>();
  for (const endpoint of endpoints) {
    const ip = podAddress(endpoint.pod, family);
    // Terminating pods are only in slices, unless everything is to be published.
    if (ip === '' || (endpoint.terminating && !publishAll)) continue;
    const key = portSetKey(endpoint.ports);
    const subset = subsets.get(key) ?? { ports: endpoint.ports, addresses: [], notReady: [] };
    subsets.set(key, subset);
    (endpoint.ready ? subset.addresses : subset.notReady).push(addressOf(endpoint, ip));
  }
  return [...subsets].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(toSubset);
}

function addressOf({ pod, hostname }: PodEndpoint, ip: string): JsonObject {
  const nodeName = textAt(pod, 'spec', 'nodeName');
  return {
    ip,
    ...(hostname === '' ? {} : { hostname }),
    ...(nodeName === '' ? {} : { nodeName }),
    targetRef: podReference(pod),
  };
}

function toSubset([, { ports, addresses, notReady }]: [string, Subset]): JsonObject {
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
    ...(ports.length === 0 ? {} : { ports: ports.map(toPort) }),
  };
}

function toPort({ name, port, protocol, appProtocol }: ResolvedPort): JsonObject {
  return {
    ...(name === '' ? {} : { name }),
    port,
    protocol,
    ...(appProtocol === '' ? {} : { appProtocol }),
  };
}
