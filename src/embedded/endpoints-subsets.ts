/** A Service's endpoints as the `subsets` of an Endpoints object (pure). */
import { flagAt, type Json, type JsonObject, objectsAt, textAt } from './json.js';
import {
  familiesOf,
  type PodEndpoint,
  podAddress,
  podReference,
  type ResolvedPort,
} from './service-endpoints.js';

/** Ports and the endpoints that have them. */
interface PortGroup {
  readonly ports: ResolvedPort[];
  readonly endpoints: PodEndpoint[];
}

/**
 * Ports that the same endpoints have make up one subset. An Endpoints object holds one family, the
 * Service's first.
 */
export function makeSubsets(service: JsonObject, endpoints: readonly PodEndpoint[]): Json[] {
  const family = familiesOf(service)[0] ?? 'IPv4';
  const publishAll = flagAt(service, 'spec', 'publishNotReadyAddresses');
  const listed = endpoints
    .filter(({ pod }) => podAddress(pod, family) !== '')
    // Terminating pods are only in slices, unless everything is to be published.
    .filter(({ terminating }) => publishAll || !terminating);
  // A pod that has none of a Service's ports is left out; a Service without ports has all of them.
  const portless = objectsAt(service, 'spec', 'ports').length === 0;
  const groups = portless ? [{ ports: [], endpoints: listed }] : groupByPort(listed);
  return mergePorts(groups.filter(({ endpoints: some }) => some.length > 0)).map((group) =>
    toSubset(group, family),
  );
}

function groupByPort(endpoints: readonly PodEndpoint[]): PortGroup[] {
  const groups = new Map<string, PortGroup>();
  for (const endpoint of endpoints) {
    for (const port of endpoint.ports) {
      const key = JSON.stringify(port);
      const group = groups.get(key) ?? { ports: [port], endpoints: [] };
      groups.set(key, group);
      group.endpoints.push(endpoint);
    }
  }
  return [...groups.values()];
}

function mergePorts(groups: readonly PortGroup[]): PortGroup[] {
  const merged = new Map<string, PortGroup>();
  for (const group of groups) {
    const key = group.endpoints.map(({ pod }) => textAt(pod, 'metadata', 'uid')).join();
    const same = merged.get(key);
    if (same === undefined) merged.set(key, group);
    else same.ports.push(...group.ports);
  }
  return [...merged.values()];
}

function toSubset({ ports, endpoints }: PortGroup, family: string): JsonObject {
  const addresses = endpoints.filter(({ ready }) => ready);
  const notReady = endpoints.filter(({ ready }) => !ready);
  const list = (some: readonly PodEndpoint[]): Json[] => some.map((one) => addressOf(one, family));
  return {
    ...(addresses.length === 0 ? {} : { addresses: list(addresses) }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: list(notReady) }),
    ...(ports.length === 0 ? {} : { ports: ports.map(toPort) }),
  };
}

function addressOf({ pod, hostname }: PodEndpoint, family: string): JsonObject {
  const nodeName = textAt(pod, 'spec', 'nodeName');
  return {
    ip: podAddress(pod, family),
    ...(hostname === '' ? {} : { hostname }),
    ...(nodeName === '' ? {} : { nodeName }),
    targetRef: podReference(pod),
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
