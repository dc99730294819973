/** The search list of a pod and the order in which a resolver tries its names. */
import { labelsOf } from '../dns/name.js';

/** What the kubelet writes into a pod's resolv.conf (dnsPolicy ClusterFirst), without the node's own domains. */
export function podSearchList(namespace: string, zone: string): string[] {
  return [`${namespace}.svc.${zone}`, `svc.${zone}`, zone];
}

/**
 * The absolute names that a resolver asks for `name`, in order (resolv.conf(5), `ndots`): a name with a
 * final dot as it is; one with at least `ndots` dots as it is first, otherwise last.
 */
export function searchNames(name: string, search: readonly string[], ndots: number): string[] {
  if (name.endsWith('.')) return [name];
  const searched = search.map((domain) => `${name}.${domain}.`);
  const dots = labelsOf(name).length - 1;
  return dots >= ndots ? [`${name}.`, ...searched] : [...searched, `${name}.`];
}
