/**
 * Kubernetes objects cut down to what DNS, explain and the environment variables need.
 *
 * Whole API objects are never kept: a cluster of 150,000 pods has to fit into a small container.
 */

/** What every kept object carries. */
export interface KubeMeta {
  /** Empty for objects without a namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** A port of a Service. */
export interface ServicePort {
  /** Empty for an unnamed port. */
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** 0 when there is none. */
  readonly nodePort: number;
}

export interface KubeService extends KubeMeta {
  readonly kind: 'Service';
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** `clusterIP: None`: answered with the endpoints' own addresses. */
  readonly headless: boolean;
  /** Cluster IPs in the order of the object, none of them "None"; empty for headless and ExternalName. */
  readonly clusterIPs: readonly string[];
  /** Empty unless the type is ExternalName. */
  readonly externalName: string;
  readonly ports: readonly ServicePort[];
  readonly externalIPs: readonly string[];
  /** status.loadBalancer.ingress: addresses and hostnames. */
  readonly ingress: readonly { readonly ip: string; readonly hostname: string }[];
  /** Milliseconds since 1970, 0 when unknown. */
  readonly createdAt: number;
  readonly publishNotReadyAddresses: boolean;
  /** `externalTrafficPolicy: Local`: from outside only nodes with an endpoint of it answer. */
  readonly localTraffic?: true;
  /** Annotations under `svcdns.io/` (answer policies); undefined when there are none. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A port of an EndpointSlice: the number on the pod itself. */
export interface EndpointPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** One endpoint of a slice. */
export interface Endpoint {
  /** Textual addresses of the slice's family. */
  readonly addresses: readonly string[];
  /** Empty when the endpoint has none. */
  readonly hostname: string;
  /** conditions.ready, null read as true. */
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Name of the Pod in targetRef, empty when it is something else. */
  readonly podName: string;
  readonly nodeName: string;
  readonly zone: string;
}

export interface KubeEndpointSlice extends KubeMeta {
  readonly kind: 'EndpointSlice';
  /** From the label kubernetes.io/service-name; a slice without it is not kept. */
  readonly serviceName: string;
  readonly addressType: 'IPv4' | 'IPv6';
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly EndpointPort[];
  /** Annotation endpoints.kubernetes.io/last-change-trigger-time in milliseconds since 1970, 0 when absent. */
  readonly changeTriggeredAt: number;
}

export interface KubeNamespace extends KubeMeta {
  readonly kind: 'Namespace';
  readonly labels: Readonly<Record<string, string>>;
}

export interface KubePod extends KubeMeta {
  readonly kind: 'Pod';
  readonly podIPs: readonly string[];
  /** Host-network pods share their node's address. */
  readonly hostNetwork: boolean;
  readonly deleting: boolean;
}

export interface KubeNode extends KubeMeta {
  readonly kind: 'Node';
  /** Addresses for the outside, where the node has such; otherwise its internal ones. */
  readonly addresses: readonly string[];
  /** The condition Ready. */
  readonly ready: boolean;
}

export type KubeObject = KubeService | KubeEndpointSlice | KubeNamespace | KubePod | KubeNode;
export type KubeKind = KubeObject['kind'];

/** One object's change; `before` absent: added, `after` absent: deleted. */
export interface KubeChange {
  readonly kind: KubeKind;
  readonly before?: KubeObject;
  readonly after?: KubeObject;
}
