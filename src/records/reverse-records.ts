/** PTR records of one address: the service that has it as a cluster IP, else its endpoints (S-11, S-12, S-20, S-21). */
import type { KubeSnapshot } from '../kube/snapshot.js';
import { type DerivationOptions, isExposed } from './derivation.js';
import { endpointLabel } from './endpoint-set.js';
import { isLabel, type RelativeName } from './rrset.js';

/**
 * The targets of an address, relative to the primary zone, sorted so that replicas agree.
 * Namespaces that are not exposed never show; endpoints need a service and have to be ready.
 */
export function reverseTargets(
  snapshot: KubeSnapshot,
  options: DerivationOptions,
  address: string,
): RelativeName[] {
  for (const service of snapshot.servicesByClusterIP(address)) {
    if (!isExposed(snapshot, options, service.namespace) || !isLabel(service.name)) continue;
    return [`${service.name}.${service.namespace}.svc`];
  }
  if (options.noEndpoints) return [];
  const targets = new Set<RelativeName>();
  for (const slice of snapshot.slicesByAddress(address)) {
    if (!isExposed(snapshot, options, slice.namespace) || !isLabel(slice.serviceName)) continue;
    const service = snapshot.service(slice.namespace, slice.serviceName);
    if (service === undefined || service.type === 'ExternalName') continue;
    for (const endpoint of slice.endpoints) {
      if (!endpoint.ready || !endpoint.addresses.includes(address)) continue;
      const label = endpointLabel(endpoint, address, options.endpointPodNames);
      targets.add(`${label}.${slice.serviceName}.${slice.namespace}.svc`);
    }
  }
  return [...targets].sort();
}
