/**
 * All names of one service: `<svc>.<ns>.svc` and what lies below it.
 *
 * Shapes (k8s dns spec 1.1.0 §2.3, §2.4; CoreDNS plugin kubernetes for endpoint names under cluster IPs
 * and SRV at the bare name):
 *
 * ```
 * <svc>.<ns>.svc                      A AAAA SRV | CNAME
 * _<port>._<proto>.<svc>.<ns>.svc     SRV, A and AAAA as the service
 * _<proto>.<svc>.<ns>.svc             empty non-terminal
 * <endpoint>.<svc>.<ns>.svc           A AAAA SRV
 * ```
 */
import type { KubeService, Protocol, ServicePort } from '../kube/objects.js';
import type { KubeSnapshot } from '../kube/snapshot.js';
import { cnameRRset } from './alias.js';
import { type DerivationOptions, isExposed } from './derivation.js';
import { endpointSet, hasReadyEndpoint, type LabelledEndpoint } from './endpoint-set.js';
import {
  isLabel,
  type OwnerRecords,
  type RelativeName,
  type RRset,
  type SrvRecord,
  type TargetAddresses,
} from './rrset.js';

/** The records of a service; empty when DNS does not show it. */
export function serviceRecords(
  snapshot: KubeSnapshot,
  options: DerivationOptions,
  namespace: string,
  name: string,
): OwnerRecords[] {
  const service = snapshot.service(namespace, name);
  if (service === undefined || !isExposed(snapshot, options, namespace)) return [];
  if (!isLabel(name) || !isLabel(namespace)) return [];
  const base = `${name}.${namespace}.svc`.toLowerCase();
  if (service.type === 'ExternalName') {
    const cname = cnameRRset(snapshot, options, service);
    return cname === undefined ? [] : [{ name: base, rrsets: [cname], short: true }];
  }
  const slices = options.noEndpoints ? [] : snapshot.slicesOf(namespace, name);
  if (!service.headless && options.ignoreEmptyService && !hasReadyEndpoint(slices)) return [];
  const endpoints = endpointSet(slices, options.endpointPodNames);
  if (service.headless) return headlessRecords(base, endpoints);
  return [
    ...clusterIpRecords(base, service),
    ...[...endpoints.values()].map((endpoint) => endpointRecords(base, endpoint)),
  ];
}

/** What a port name and a protocol can be asked by: `_http._tcp`. */
interface PortGroup {
  readonly proto: string;
  readonly port: string;
  readonly records: Omit<SrvRecord, 'weight' | 'priority'>[];
}

function clusterIpRecords(base: RelativeName, service: KubeService): OwnerRecords[] {
  const addresses = splitFamilies(service.clusterIPs);
  return portedRecords(base, service.ports, addresses, new Map([[base, addresses]]));
}

/**
 * The names of a service that is reached by its own ports: its addresses under each, and SRV records
 * that give every port at every target.
 */
export function portedRecords(
  base: RelativeName,
  ports: readonly ServicePort[],
  addresses: TargetAddresses,
  targets: ReadonlyMap<RelativeName, TargetAddresses>,
): OwnerRecords[] {
  const all: PortGroup['records'] = [];
  const groups = new Map<string, PortGroup>();
  for (const port of ports) {
    for (const target of targets.keys()) {
      all.push({ port: port.port, target });
      addToGroup(groups, port, { port: port.port, target });
    }
  }
  return [
    {
      name: base,
      rrsets: [...addressRRsets(addresses), ...srvRRset(all, targets)],
      short: true,
    },
    ...portRecords(base, groups, addresses, targets),
  ];
}

/** The names of a headless service: those of its endpoints, and all of them under its own. */
export function headlessRecords(
  base: RelativeName,
  endpoints: ReadonlyMap<string, LabelledEndpoint>,
): OwnerRecords[] {
  // k8s dns spec 2.4.1: without a ready endpoint the name does not exist
  if (endpoints.size === 0) return [];
  const v4 = new Set<string>();
  const v6 = new Set<string>();
  const targets = new Map<RelativeName, TargetAddresses>();
  const all: PortGroup['records'] = [];
  const groups = new Map<string, PortGroup>();
  const owners: OwnerRecords[] = [];
  for (const endpoint of endpoints.values()) {
    const target = `${endpoint.label}.${base}`;
    targets.set(target, endpoint);
    for (const address of endpoint.v4) v4.add(address);
    for (const address of endpoint.v6) v6.add(address);
    for (const port of endpoint.ports) {
      all.push({ port: port.port, target });
      addToGroup(groups, port, { port: port.port, target });
    }
    owners.push(endpointRecords(base, endpoint));
  }
  const addresses: TargetAddresses = { v4: [...v4], v6: [...v6] };
  return [
    {
      name: base,
      rrsets: [...addressRRsets(addresses), ...srvRRset(all, targets)],
      short: true,
    },
    ...portRecords(base, groups, addresses, targets),
    ...owners,
  ];
}

function endpointRecords(base: RelativeName, endpoint: LabelledEndpoint): OwnerRecords {
  const name = `${endpoint.label}.${base}`;
  const records = endpoint.ports.map(({ port }) => ({ port, target: name }));
  return {
    name,
    rrsets: [...addressRRsets(endpoint), ...srvRRset(records, new Map([[name, endpoint]]))],
  };
}

/** Collects a named port under its protocol; unnamed ports have no SRV name of their own (S-09). */
function addToGroup(
  groups: Map<string, PortGroup>,
  { name, protocol }: { readonly name: string; readonly protocol: Protocol },
  record: PortGroup['records'][number],
): void {
  if (!isLabel(`_${name}`) || name === '') return;
  const port = `_${name.toLowerCase()}`;
  const proto = `_${protocol.toLowerCase()}`;
  const key = `${port}.${proto}`;
  const group = groups.get(key);
  if (group === undefined) groups.set(key, { port, proto, records: [record] });
  else group.records.push(record);
}

/** The SRV names of a service, and the empty non-terminals above them (RFC 8020). */
function portRecords(
  base: RelativeName,
  groups: ReadonlyMap<string, PortGroup>,
  addresses: TargetAddresses,
  targets: ReadonlyMap<RelativeName, TargetAddresses>,
): OwnerRecords[] {
  const owners: OwnerRecords[] = [];
  const protocols = new Set<string>();
  for (const { port, proto, records } of groups.values()) {
    protocols.add(proto);
    owners.push({
      name: `${port}.${proto}.${base}`,
      rrsets: [...addressRRsets(addresses), ...srvRRset(records, targets)],
      short: true,
    });
  }
  for (const proto of protocols) owners.push({ name: `${proto}.${base}`, rrsets: [] });
  return owners;
}

function addressRRsets({ v4, v6 }: TargetAddresses): RRset[] {
  const rrsets: RRset[] = [];
  if (v4.length > 0) rrsets.push({ type: 'A', addresses: v4 });
  if (v6.length > 0) rrsets.push({ type: 'AAAA', addresses: v6 });
  return rrsets;
}

/** Priority 0 and equal weights that add up to about 100 (as CoreDNS; the spec leaves both free, S-08). */
function srvRRset(
  candidates: PortGroup['records'],
  targets: ReadonlyMap<RelativeName, TargetAddresses>,
): RRset[] {
  if (candidates.length === 0) return [];
  const unique = new Map(candidates.map((record) => [`${record.port} ${record.target}`, record]));
  const weight = Math.max(1, Math.floor(100 / unique.size));
  const records = [...unique.values()].map((record) => ({ priority: 0, weight, ...record }));
  return [{ type: 'SRV', records, targets }];
}

/** Addresses by family; what is no address was dropped when the object was cut down. */
export function splitFamilies(addresses: readonly string[]): TargetAddresses {
  return {
    v4: addresses.filter((address) => !address.includes(':')),
    v6: addresses.filter((address) => address.includes(':')),
  };
}
