/** The seed in the object store, as the watches would have left it there. */
import type { KubeEndpointSlice, KubeService } from '../../src/kube/objects.js';
import { ObjectStore } from '../../src/kube/store.js';
import { NAMESPACES, namespaceName, PORT, type SeedService } from '../seed.js';

const PORTS = [{ name: 'http', port: PORT, protocol: 'TCP' }] as const;
const SLICE_SIZE = 100;

/** A store with these services, their slices and namespaces. */
export function storeOf(services: readonly SeedService[]): ObjectStore {
  const store = new ObjectStore();
  for (let i = 0; i < NAMESPACES; i++) {
    const name = namespaceName(i);
    const object = {
      kind: 'Namespace',
      namespace: '',
      name,
      resourceVersion: '1',
      labels: {},
    } as const;
    store.apply({ kind: 'Namespace', namespace: '', name, object });
  }
  for (const service of services) {
    const object = kubeService(service);
    store.apply({ kind: 'Service', namespace: object.namespace, name: object.name, object });
    for (const slice of kubeSlices(service)) {
      const { namespace, name } = slice;
      store.apply({ kind: 'EndpointSlice', namespace, name, object: slice });
    }
  }
  return store;
}

export function kubeService({ namespace, name, clusterIP }: SeedService): KubeService {
  return {
    kind: 'Service',
    namespace,
    name,
    resourceVersion: '1',
    type: 'ClusterIP',
    headless: clusterIP === undefined,
    clusterIPs: clusterIP === undefined ? [] : [clusterIP],
    externalName: '',
    ports: PORTS.map((port) => ({ ...port, nodePort: 0 })),
    externalIPs: [],
    ingress: [],
    createdAt: 0,
    publishNotReadyAddresses: false,
  };
}

export function kubeSlices(service: SeedService, version = '1'): KubeEndpointSlice[] {
  const { namespace, name, endpoints } = service;
  return Array.from({ length: Math.ceil(endpoints.length / SLICE_SIZE) }, (_, i) => ({
    kind: 'EndpointSlice',
    namespace,
    name: `${name}-${i}`,
    resourceVersion: version,
    serviceName: name,
    addressType: 'IPv4',
    endpoints: endpoints.slice(i * SLICE_SIZE, (i + 1) * SLICE_SIZE).map((address) => ({
      addresses: [address],
      hostname: '',
      ready: true,
      serving: true,
      terminating: false,
      podName: `${name}-${dashes(address)}`,
      nodeName: 'node-a',
      zone: '',
    })),
    ports: PORTS,
    changeTriggeredAt: 0,
  }));
}

function dashes(address: string): string {
  return address.replaceAll('.', '-');
}
