/** The read side of the object store: what record derivation and explain ask. */
import type {
  KubeEndpointSlice,
  KubeNamespace,
  KubeNode,
  KubePod,
  KubeService,
} from './objects.js';

/** Present objects by their indices; each lookup is O(1), iteration order is insertion order. */
export interface KubeSnapshot {
  service(namespace: string, name: string): KubeService | undefined;
  services(): Iterable<KubeService>;
  /** All slices of a service, of both families. */
  slicesOf(namespace: string, service: string): readonly KubeEndpointSlice[];
  slices(): Iterable<KubeEndpointSlice>;
  namespace(name: string): KubeNamespace | undefined;
  namespaces(): Iterable<KubeNamespace>;
  pods(): Iterable<KubePod>;
  nodes(): Iterable<KubeNode>;
  /** Services that have this address as a cluster IP. */
  servicesByClusterIP(address: string): readonly KubeService[];
  /** Slices that hold this address. */
  slicesByAddress(address: string): readonly KubeEndpointSlice[];
  /** Pods with this address. */
  podsByAddress(address: string): readonly KubePod[];
}
