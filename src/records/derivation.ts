/** What record derivation is told besides the objects: the options that shape names and answers. */
import type { KubeSnapshot } from '../kube/snapshot.js';

/** The part of a kubernetes directive's options that shapes records. */
export interface DerivationOptions {
  /** The zone that names are relative to, canonical. */
  readonly zone: string;
  /** All forward zones of the directive, canonical: an alias into one of them is followed here. */
  readonly zones: readonly string[];
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly pods: 'disabled' | 'insecure' | 'verified';
  readonly endpointPodNames: boolean;
  readonly noEndpoints: boolean;
  readonly ignoreEmptyService: boolean;
}

/** Whether a namespace is served: in the list if there is one, and present (CoreDNS plugin kubernetes, namespaces). */
export function isExposed(
  snapshot: KubeSnapshot,
  options: DerivationOptions,
  namespace: string,
): boolean {
  if (options.namespaces.length > 0 && !options.namespaces.includes(namespace)) return false;
  return snapshot.namespace(namespace) !== undefined;
}
