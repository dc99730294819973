/** The API's resources behind each kind that is watched. */
import type { KubeKind } from './objects.js';

export interface KubeResource {
  readonly kind: KubeKind;
  /** API group; empty for the core group. */
  readonly group: string;
  /** Plural name, as RBAC rules spell it. */
  readonly resource: string;
  /** Path below the server's URL. */
  readonly path: string;
  /** Empty: none. */
  readonly fieldSelector: string;
  /** First Kubernetes version that serves it. */
  readonly since: string;
}

export const KUBE_RESOURCES: Readonly<Record<KubeKind, KubeResource>> = {
  Service: {
    kind: 'Service',
    group: '',
    resource: 'services',
    path: '/api/v1/services',
    fieldSelector: '',
    since: '1.0',
  },
  EndpointSlice: {
    kind: 'EndpointSlice',
    group: 'discovery.k8s.io',
    resource: 'endpointslices',
    path: '/apis/discovery.k8s.io/v1/endpointslices',
    fieldSelector: '',
    since: '1.21',
  },
  Namespace: {
    kind: 'Namespace',
    group: '',
    resource: 'namespaces',
    path: '/api/v1/namespaces',
    fieldSelector: '',
    since: '1.0',
  },
  Pod: {
    kind: 'Pod',
    group: '',
    resource: 'pods',
    path: '/api/v1/pods',
    // addresses of ended pods are given to others (CoreDNS plugin/kubernetes)
    fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown',
    since: '1.0',
  },
  Node: {
    kind: 'Node',
    group: '',
    resource: 'nodes',
    path: '/api/v1/nodes',
    fieldSelector: '',
    since: '1.0',
  },
};

/** The lines of a ClusterRole that allow to follow the resource. */
export function roleRule(resource: KubeResource): string {
  return `apiGroups: ["${resource.group}"], resources: ["${resource.resource}"], verbs: ["list", "watch"]`;
}
