/** ExternalName services: an alias, followed as far as it stays inside the served zones (D-13). */
import { addressFromText } from '../dns/address.js';
import { canonicalName, isInZone, isName, labelsOf } from '../dns/name.js';
import type { KubeService } from '../kube/objects.js';
import type { KubeSnapshot } from '../kube/snapshot.js';
import type { DerivationOptions } from './derivation.js';
import type { CnameEnd, CnameRRset, OwnerRecords, TargetAddresses } from './rrset.js';
import { serviceRecords } from './service-records.js';

/** How many aliases are followed before a chain counts as endless. */
const MAX_ALIASES = 8;

/**
 * The CNAME of an ExternalName service. Undefined when the value is an IP literal or no name at all:
 * such a service has no record (D-12, as CoreDNS).
 */
export function cnameRRset(
  snapshot: KubeSnapshot,
  options: DerivationOptions,
  service: KubeService,
): CnameRRset | undefined {
  const value = service.externalName;
  const literal = value.endsWith('.') ? value.slice(0, -1) : value;
  if (value === '' || addressFromText(literal) !== undefined || !isName(value)) return undefined;
  const target = canonicalName(value);
  return { type: 'CNAME', target, end: follow(snapshot, options, target) };
}

/** Follows aliases from `target` through the snapshot. */
function follow(snapshot: KubeSnapshot, options: DerivationOptions, target: string): CnameEnd {
  const path: string[] = [];
  let name = target;
  for (let i = 0; i < MAX_ALIASES; i++) {
    const relative = relativeToZones(name, options.zones);
    if (relative === undefined) return { kind: 'outside' };
    path.push(name);
    const service = serviceOf(relative);
    const object = service && snapshot.service(service.namespace, service.name);
    if (object === undefined || service === undefined) return nowhere(path);
    if (object.type === 'ExternalName') {
      if (relative.length !== 3 || object.externalName === '') return nowhere(path);
      name = canonicalName(object.externalName);
      if (!isName(name) || path.includes(name)) return nowhere(path);
      continue;
    }
    const owner = serviceRecords(snapshot, options, service.namespace, service.name).find(
      (records) => records.name === relative.join('.'),
    );
    if (owner === undefined) return nowhere(path);
    return { kind: 'inside', path, addresses: addressesOf(owner), exists: true };
  }
  return nowhere(path);
}

function nowhere(path: readonly string[]): CnameEnd {
  return { kind: 'inside', path, addresses: { v4: [], v6: [] }, exists: false };
}

/** The labels in front of the longest zone that the name lies in. */
function relativeToZones(name: string, zones: readonly string[]): string[] | undefined {
  const zone = zones
    .filter((candidate) => isInZone(name, candidate))
    .sort((a, b) => b.length - a.length)[0];
  if (zone === undefined) return undefined;
  const labels = labelsOf(name);
  return labels.slice(0, labels.length - labelsOf(zone).length);
}

/** The service that a relative name belongs to: the two labels in front of `svc`. */
function serviceOf(
  relative: readonly string[],
): { readonly namespace: string; readonly name: string } | undefined {
  const [svc, namespace, name] = relative.toReversed();
  if (svc !== 'svc' || namespace === undefined || name === undefined) return undefined;
  return { namespace, name };
}

/**
 * The service whose change may change what an alias answers: the first in-zone one on its way.
 * Later ones are found by their own dependants.
 */
export function aliasTarget(
  service: KubeService,
  zones: readonly string[],
): { readonly namespace: string; readonly name: string } | undefined {
  if (service.type !== 'ExternalName' || !isName(service.externalName)) return undefined;
  const relative = relativeToZones(canonicalName(service.externalName), zones);
  return relative === undefined ? undefined : serviceOf(relative);
}

function addressesOf(owner: OwnerRecords): TargetAddresses {
  let v4: readonly string[] = [];
  let v6: readonly string[] = [];
  for (const rrset of owner.rrsets) {
    if (rrset.type === 'A') v4 = rrset.addresses;
    if (rrset.type === 'AAAA') v6 = rrset.addresses;
  }
  return { v4, v6 };
}
