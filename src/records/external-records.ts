/**
 * Names for the outside of what a cluster shows there (CoreDNS plugin k8s_external): pure.
 *
 * ```
 * <svc>.<ns>                      A AAAA SRV of external addresses, or CNAME of a load balancer's name
 * _<port>._<proto>.<svc>.<ns>     SRV, and the same addresses
 * <svc>.<ns>                      NodePort services, by option: A AAAA of nodes, SRV with node ports
 * <endpoint>.<svc>.<ns>           headless services without external addresses, by option
 * <ns>, <apex>                    empty non-terminals
 * ns1.<apex>                      this server
 * ```
 *
 * Owner names are relative to the external zone. Targets are relative to the root (absolute names
 * without the final dot), because those of load balancers lie elsewhere.
 */
import { addressFromText } from '../dns/address.js';
import { canonicalName, isName } from '../dns/name.js';
import type { KubeNode, KubeService } from '../kube/objects.js';
import type { KubeSnapshot } from '../kube/snapshot.js';
import { type DerivationOptions, isExposed } from './derivation.js';
import { endpointSet } from './endpoint-set.js';
import {
  isLabel,
  type OwnerRecords,
  type RelativeName,
  type RRset,
  type SrvRecord,
  type TargetAddresses,
} from './rrset.js';
import { headlessRecords, portedRecords, splitFamilies } from './service-records.js';

/** What shapes the names of one external zone. */
export interface ExternalDerivation {
  /** The zone, canonical. */
  readonly zone: string;
  /** The label that the name server's own names stand under. */
  readonly apex: string;
  /** Whether headless services are shown with their endpoints' addresses. */
  readonly headless: boolean;
  /** Whether NodePort services without external addresses are shown with those of the nodes. */
  readonly nodeports: boolean;
  /** The kubernetes directive of the block: which namespaces are shown, how endpoints are called. */
  readonly kubernetes: DerivationOptions;
}

/** The label of the one name server. */
export const NAME_SERVER = 'ns1';
/** So many A records fit into one datagram; with more nodes a service is no easier to reach. */
const MAX_NODES = 64;
const NO_ADDRESSES: TargetAddresses = { v4: [], v6: [] };

/**
 * The addresses at which a service is reached from outside, without repeats: externalIPs, and what the
 * load balancer's status says. The requested loadBalancerIP is a wish, it never counts.
 */
export function externalAddresses(service: KubeService): string[] {
  // kube-proxy leaves ExternalName services alone, whatever else they carry
  if (service.type === 'ExternalName') return [];
  const balanced = service.ingress.flatMap(({ ip }) => (ip === '' ? [] : [ip]));
  return [...new Set([...service.externalIPs, ...balanced])];
}

/** The names that load balancers gave instead of addresses, canonical, without repeats. */
export function externalHostnames(service: KubeService): string[] {
  if (service.type === 'ExternalName') return [];
  const names = service.ingress
    .filter(({ ip, hostname }) => ip === '' && hostname !== '' && isName(hostname))
    .map(({ hostname }) => canonicalName(hostname));
  return [...new Set(names)].filter((name) => addressFromText(name.slice(0, -1)) === undefined);
}

/** The records of one service; empty when it has nothing to show outside. */
export function externalRecords(
  snapshot: KubeSnapshot,
  options: ExternalDerivation,
  namespace: string,
  name: string,
): OwnerRecords[] {
  const service = snapshot.service(namespace, name);
  if (service === undefined || !isShown(snapshot, options, namespace)) return [];
  if (!isLabel(name)) return [];
  const base = `${name}.${namespace}`.toLowerCase();
  const addresses = externalAddresses(service);
  const hostnames = externalHostnames(service);
  if (addresses.length + hostnames.length > 0) {
    return inZone(reachableRecords(base, service, addresses, hostnames), options.zone);
  }
  if (options.nodeports && service.type === 'NodePort') {
    return inZone(nodePortRecords(snapshot, base, service), options.zone);
  }
  if (!options.headless || !service.headless || options.kubernetes.noEndpoints) return [];
  const slices = snapshot.slicesOf(namespace, name);
  const endpoints = endpointSet(slices, options.kubernetes.endpointPodNames);
  return inZone(headlessRecords(base, endpoints), options.zone);
}

/** Where there are addresses they are the answer; otherwise the name is an alias of the first hostname. */
function reachableRecords(
  base: RelativeName,
  { ports }: KubeService,
  addresses: readonly string[],
  hostnames: readonly string[],
): OwnerRecords[] {
  const own = splitFamilies(addresses);
  const targets = new Map<RelativeName, TargetAddresses>();
  if (addresses.length > 0) targets.set(base, own);
  // the final dot tells them from names in the zone, see inZone
  for (const hostname of hostnames) targets.set(hostname, NO_ADDRESSES);
  const owners = portedRecords(base, ports, own, targets);
  const [target] = hostnames;
  if (addresses.length > 0 || target === undefined) return owners;
  const alias: RRset = { type: 'CNAME', target, end: { kind: 'outside' } };
  // SRV stays beside the alias, as in CoreDNS: it is what a client asks for to learn the port
  return owners.map((owner) =>
    owner.name === base || owner.rrsets.length > 0
      ? { ...owner, rrsets: [...owner.rrsets, alias] }
      : owner,
  );
}

/** Every node has the same port, so one target with the addresses of all is enough. */
function nodePortRecords(
  snapshot: KubeSnapshot,
  base: RelativeName,
  service: KubeService,
): OwnerRecords[] {
  const ports = service.ports
    .filter(({ nodePort }) => nodePort > 0)
    .map((port) => ({ ...port, port: port.nodePort }));
  // a node port is open for the families that the service has
  const families = new Set(service.clusterIPs.map(isIpv6));
  const addresses = nodesOf(snapshot, service)
    .flatMap((node) => node.addresses)
    .filter((address) => families.has(isIpv6(address)));
  if (addresses.length === 0 || ports.length === 0) return [];
  const own = splitFamilies([...new Set(addresses)]);
  return portedRecords(base, ports, own, new Map([[base, own]]));
}

function isIpv6(address: string): boolean {
  return address.includes(':');
}

/** Ready nodes by name; those with a ready endpoint where the traffic stays on its node. */
function nodesOf(snapshot: KubeSnapshot, service: KubeService): KubeNode[] {
  const hosts = new Set<string>();
  for (const slice of service.localTraffic
    ? snapshot.slicesOf(service.namespace, service.name)
    : []) {
    for (const { ready, nodeName } of slice.endpoints) if (ready) hosts.add(nodeName);
  }
  return [...snapshot.nodes()]
    .filter(({ ready, name }) => ready && (service.localTraffic !== true || hosts.has(name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NODES);
}

/** The empty name of a namespace, so that only names below it can be missing. */
export function externalNamespaceRecords(
  snapshot: KubeSnapshot,
  options: ExternalDerivation,
  namespace: string,
): OwnerRecords[] {
  return isShown(snapshot, options, namespace) ? [{ name: namespace, rrsets: [] }] : [];
}

/** The apex and the name server's own names. */
export function externalFixedRecords(
  snapshot: KubeSnapshot,
  options: ExternalDerivation,
  ownAddresses: readonly string[],
): OwnerRecords[] {
  const own = splitFamilies(serverAddresses(snapshot, options, ownAddresses));
  const server = absolute(`${NAME_SERVER}.${options.apex}`, options.zone);
  const rrsets: RRset[] = [];
  if (own.v4.length > 0) rrsets.push({ type: 'A', addresses: own.v4 });
  if (own.v6.length > 0) rrsets.push({ type: 'AAAA', addresses: own.v6 });
  return [
    { name: '', rrsets: [{ type: 'NS', targets: new Map([[server, own]]) }] },
    { name: options.apex, rrsets: [] },
    { name: `${NAME_SERVER}.${options.apex}`, rrsets },
  ];
}

/** Names, relative to the root, of the services that are reached at an address from outside; sorted. */
export function externalReverseTargets(
  snapshot: KubeSnapshot,
  options: ExternalDerivation,
  services: Iterable<KubeService>,
): RelativeName[] {
  const targets: RelativeName[] = [];
  for (const { namespace, name } of services) {
    if (!isShown(snapshot, options, namespace) || !isLabel(name)) continue;
    const target = absolute(`${name}.${namespace}`.toLowerCase(), options.zone);
    if (isName(target)) targets.push(target);
  }
  return targets.sort();
}

/** Outside addresses of the services with this server behind them; outside of a cluster its own ones. */
function serverAddresses(
  snapshot: KubeSnapshot,
  { headless }: ExternalDerivation,
  ownAddresses: readonly string[],
): readonly string[] {
  const found = new Set<string>();
  let isInCluster = false;
  for (const address of ownAddresses) {
    for (const slice of snapshot.slicesByAddress(address)) {
      isInCluster = true;
      const service = snapshot.service(slice.namespace, slice.serviceName);
      if (service === undefined) continue;
      for (const external of externalAddresses(service)) found.add(external);
      if (headless && service.headless) found.add(address);
    }
  }
  return isInCluster ? [...found] : ownAddresses;
}

/** Exposed by the kubernetes directive, and not in the place of the name server's names. */
function isShown(
  snapshot: KubeSnapshot,
  { kubernetes, apex }: ExternalDerivation,
  namespace: string,
): boolean {
  return namespace !== apex && isLabel(namespace) && isExposed(snapshot, kubernetes, namespace);
}

/** An absolute name without its final dot. */
function absolute(name: RelativeName, zone: string): RelativeName {
  return zone === '.' ? name : `${name}.${zone.slice(0, -1)}`;
}

/** Targets made relative to the root; names that are too long in this zone are left out. */
function inZone(owners: readonly OwnerRecords[], zone: string): OwnerRecords[] {
  const targetOf = (name: RelativeName): RelativeName =>
    name.endsWith('.') ? name.slice(0, -1) : absolute(name, zone);
  return owners
    .filter(({ name }) => isName(absolute(name, zone)))
    .map((owner) => ({
      ...owner,
      rrsets: owner.rrsets
        .map((rrset) => (rrset.type === 'SRV' ? retargeted(rrset, targetOf) : rrset))
        .filter((rrset) => rrset.type !== 'SRV' || rrset.records.length > 0),
    }));
}

function retargeted(
  { records, targets }: Extract<RRset, { type: 'SRV' }>,
  targetOf: (name: RelativeName) => RelativeName,
): RRset {
  const kept: SrvRecord[] = [];
  for (const record of records) {
    const target = targetOf(record.target);
    if (isName(target)) kept.push({ ...record, target });
  }
  const addresses = [...targets].map(([name, value]) => [targetOf(name), value] as const);
  return { type: 'SRV', records: kept, targets: new Map(addresses) };
}
