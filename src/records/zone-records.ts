/** The names of a zone that belong to no service: apex, `svc`, `pod`, namespaces, dns-version, ns.dns. */
import type { KubeSnapshot } from '../kube/snapshot.js';
import { type DerivationOptions, isExposed } from './derivation.js';
import { addressLabel, endpointLabel } from './endpoint-set.js';
import {
  isLabel,
  type OwnerRecords,
  type RelativeName,
  type RRset,
  type TargetAddresses,
} from './rrset.js';
import { splitFamilies } from './service-records.js';

/** Schema version of the Kubernetes DNS specification that is answered (§2.2). */
export const DNS_SCHEMA_VERSION = '1.1.0';
/** TTL of the schema version record, as CoreDNS gives it. */
const DNS_VERSION_TTL = 28_800;

/** Names that exist whatever the API holds; NS and ns.dns point at this server (CoreDNS plugin kubernetes). */
export function fixedRecords(
  snapshot: KubeSnapshot,
  options: DerivationOptions,
  ownAddresses: readonly string[],
): OwnerRecords[] {
  const own = splitFamilies(ownAddresses);
  const servers = nameServers(snapshot, options, ownAddresses);
  const ns: RRset = {
    type: 'NS',
    targets: servers.size > 0 ? servers : new Map([['ns.dns', own]]),
  };
  const published =
    servers.size > 0
      ? splitFamilies([...servers.values()].flatMap((a) => [...a.v4, ...a.v6]))
      : own;
  const owners: OwnerRecords[] = [
    { name: '', rrsets: [ns] },
    { name: 'svc', rrsets: [] },
    { name: 'pod', rrsets: [] },
    { name: 'dns', rrsets: [] },
    {
      name: 'dns-version',
      rrsets: [{ type: 'TXT', texts: [DNS_SCHEMA_VERSION], ttlSeconds: DNS_VERSION_TTL }],
    },
  ];
  const rrsets: RRset[] = [];
  if (published.v4.length > 0) rrsets.push({ type: 'A', addresses: published.v4 });
  if (published.v6.length > 0) rrsets.push({ type: 'AAAA', addresses: published.v6 });
  owners.push({ name: 'ns.dns', rrsets });
  return owners;
}

/** The services that have this server among their endpoints, by name, with the addresses to reach them. */
function nameServers(
  snapshot: KubeSnapshot,
  options: DerivationOptions,
  ownAddresses: readonly string[],
): Map<RelativeName, TargetAddresses> {
  const servers = new Map<RelativeName, TargetAddresses>();
  for (const address of ownAddresses) {
    for (const slice of snapshot.slicesByAddress(address)) {
      const service = snapshot.service(slice.namespace, slice.serviceName);
      if (service === undefined || !isExposed(snapshot, options, slice.namespace)) continue;
      const base = `${service.name}.${service.namespace}.svc`;
      if (!service.headless) {
        servers.set(base, splitFamilies(service.clusterIPs));
        continue;
      }
      const endpoint = slice.endpoints.find((e) => e.ready && e.addresses.includes(address));
      if (endpoint === undefined) continue;
      const label = endpointLabel(endpoint, address, options.endpointPodNames);
      servers.set(`${label}.${base}`, splitFamilies([address]));
    }
  }
  return servers;
}

/** The two names of a namespace: `<ns>.svc`, and `<ns>.pod` unless pod names are switched off. */
export function namespaceRecords(
  snapshot: KubeSnapshot,
  options: DerivationOptions,
  namespace: string,
): OwnerRecords[] {
  if (!isExposed(snapshot, options, namespace) || !isLabel(namespace)) return [];
  const owners: OwnerRecords[] = [{ name: `${namespace}.svc`, rrsets: [] }];
  if (options.pods !== 'disabled') {
    owners.push({ name: `${namespace}.pod`, rrsets: [], podParent: options.pods });
  }
  return owners;
}

/** The names of one address under `pods verified`: `<dashed>.<ns>.pod` for each namespace with such a pod. */
export function podRecords(
  snapshot: KubeSnapshot,
  options: DerivationOptions,
  address: string,
): OwnerRecords[] {
  if (options.pods !== 'verified') return [];
  const namespaces = new Set(
    snapshot
      .podsByAddress(address)
      .map((pod) => pod.namespace)
      .filter((namespace) => isExposed(snapshot, options, namespace)),
  );
  const type = address.includes(':') ? 'AAAA' : 'A';
  return [...namespaces].map((namespace) => ({
    name: `${addressLabel(address)}.${namespace}.pod`,
    rrsets: [{ type, addresses: [address] }],
  }));
}

/**
 * The namespace of a pod address as a TXT record under the dashed address: an inner table, never served.
 * Empty for an address that pods of several namespaces share (host network).
 */
export function clientRecords(snapshot: KubeSnapshot, address: string): OwnerRecords[] {
  const namespaces = new Set(snapshot.podsByAddress(address).map((pod) => pod.namespace));
  const [namespace] = namespaces;
  if (namespace === undefined || namespaces.size > 1) return [];
  return [
    { name: addressLabel(address), rrsets: [{ type: 'TXT', texts: [namespace], ttlSeconds: 0 }] },
  ];
}
