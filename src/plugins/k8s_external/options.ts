/** Options of the k8s_external directive: plain data (CoreDNS plugin/k8s_external). */
import type { Place } from '../../errors.js';

export interface K8sExternalOptions {
  /** Canonical zones; at least one forward zone. */
  readonly zones: readonly string[];
  /** Those of `zones` outside in-addr.arpa and ip6.arpa; PTR records point into the first. */
  readonly forwardZones: readonly string[];
  readonly reverseZones: readonly string[];
  /** The label that the name server's names stand under, lower case. */
  readonly apex: string;
  /** Seconds, 0..3600. */
  readonly ttlSeconds: number;
  readonly headless: boolean;
  /** Node addresses for NodePort services: Nodes are watched too. */
  readonly nodeports: boolean;
  /** Canonical zones of which name errors go on to the next plugin; empty: none; ['.']: all. */
  readonly fallthrough: readonly string[];
  readonly place: Place;
}
