/** The seed as API objects, in the form in which they are created. */
import { PORT, type SeedService } from './seed.js';

/** What an EndpointSlice holds at most, by the controllers' default. */
const SLICE_SIZE = 100;

/** A Service without selector: no controller makes endpoints for it. */
export function serviceObject(service: SeedService): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service.name, namespace: service.namespace },
    spec: {
      clusterIP: service.clusterIP ?? 'None',
      ports: [{ name: 'http', port: PORT, protocol: 'TCP' }],
    },
  };
}

/** Its EndpointSlices; the label says that they are managed by nobody whom a controller knows. */
export function sliceObjects(service: SeedService): readonly object[] {
  const { namespace, name, endpoints } = service;
  const count = Math.ceil(endpoints.length / SLICE_SIZE);
  return Array.from({ length: count }, (_, i) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${i}`,
      namespace,
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'bench.svcdns',
      },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: PORT, protocol: 'TCP' }],
    endpoints: endpoints.slice(i * SLICE_SIZE, (i + 1) * SLICE_SIZE).map((address, k) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${k % 2 === 0 ? 'a' : 'b'}`,
      targetRef: { kind: 'Pod', namespace, name: `${name}-${i}-${k}` },
    })),
  }));
}
