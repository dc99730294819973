/** Options of the kubernetes directive: plain data (CoreDNS plugin/kubernetes, and `search_path` of ours). */
import type { Place } from '../../errors.js';

/** How to reach the API; the first that is given wins, none: in-cluster service account, then $KUBECONFIG. */
export interface KubernetesAccess {
  /** `kubeconfig FILE [CONTEXT]` */
  readonly kubeconfig?: { readonly file: string; readonly context?: string };
  /** `endpoint URL` */
  readonly endpoint?: string;
  /** `tls CERT KEY CA`, only with an endpoint. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** Which part of the search path the server walks itself (docs/search-path.md). */
export type SearchPath = 'off' | 'on' | 'outside';

export interface KubernetesOptions {
  /** Canonical zones; at least one forward zone. */
  readonly zones: readonly string[];
  /** Those of `zones` outside in-addr.arpa and ip6.arpa; the first is the primary zone of PTR targets. */
  readonly forwardZones: readonly string[];
  readonly reverseZones: readonly string[];
  readonly access: KubernetesAccess;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** Label selectors in the API's own syntax; empty: none. */
  readonly namespaceLabels: string;
  readonly labels: string;
  readonly pods: 'disabled' | 'insecure' | 'verified';
  readonly endpointPodNames: boolean;
  /** Seconds, 0..3600. */
  readonly ttlSeconds: number;
  readonly noEndpoints: boolean;
  /** Canonical zones of which name errors go on to the next plugin; empty: none; ['.']: all. */
  readonly fallthrough: readonly string[];
  readonly ignoreEmptyService: boolean;
  readonly startupTimeoutMs: number;
  readonly searchPath: SearchPath;
  /** Search domains of the nodes behind the cluster's own, canonical; only with `outside`. */
  readonly searchDomains: readonly string[];
  readonly place: Place;
}
