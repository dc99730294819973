/** A service's ready endpoints, merged from all of its slices, each under its label. */
import { addressFromText, dashedLabelOf } from '../dns/address.js';
import type { Endpoint, EndpointPort, KubeEndpointSlice } from '../kube/objects.js';
import { isLabel } from './rrset.js';

/** The addresses and ports of all endpoints that share one label. */
export interface LabelledEndpoint {
  /** The name's leftmost label, lower case. */
  readonly label: string;
  readonly v4: string[];
  readonly v6: string[];
  /** The pod's own ports, without repeats. */
  readonly ports: EndpointPort[];
}

/**
 * The label of one endpoint address: its hostname, else (by option) the pod's name when it can be a
 * label, else the dashed address (k8s dns spec 2.4.1 leaves the form free; CoreDNS plugin kubernetes).
 */
export function endpointLabel(
  endpoint: Endpoint,
  address: string,
  endpointPodNames: boolean,
): string {
  if (endpoint.hostname !== '' && isLabel(endpoint.hostname))
    return endpoint.hostname.toLowerCase();
  if (endpointPodNames && isLabel(endpoint.podName)) return endpoint.podName.toLowerCase();
  return addressLabel(address);
}

/** An address as a label, `10-1-2-3`; addresses were checked when their object was cut down. */
export function addressLabel(address: string): string {
  const bytes = addressFromText(address);
  return bytes === undefined ? address.replaceAll(/[.:]/g, '-') : dashedLabelOf(bytes);
}

/**
 * Merges slices into endpoints by label; addresses that stand in several slices count once
 * (EndpointSlice documentation: consumers must expect duplicates).
 */
export function endpointSet(
  slices: readonly KubeEndpointSlice[],
  endpointPodNames: boolean,
): Map<string, LabelledEndpoint> {
  const byLabel = new Map<string, LabelledEndpoint>();
  for (const slice of slices) {
    for (const endpoint of slice.endpoints) {
      if (!endpoint.ready) continue;
      for (const address of endpoint.addresses) {
        const label = endpointLabel(endpoint, address, endpointPodNames);
        let entry = byLabel.get(label);
        if (entry === undefined) {
          entry = { label, v4: [], v6: [], ports: [] };
          byLabel.set(label, entry);
        }
        const list = slice.addressType === 'IPv4' ? entry.v4 : entry.v6;
        if (!list.includes(address)) list.push(address);
        for (const port of slice.ports) addPort(entry.ports, port);
      }
    }
  }
  return byLabel;
}

function addPort(ports: EndpointPort[], port: EndpointPort): void {
  const known = ports.some(
    (p) => p.port === port.port && p.name === port.name && p.protocol === port.protocol,
  );
  if (!known) ports.push(port);
}

/** Whether any endpoint is ready. */
export function hasReadyEndpoint(slices: readonly KubeEndpointSlice[]): boolean {
  return slices.some((slice) => slice.endpoints.some((e) => e.ready && e.addresses.length > 0));
}
