/** Puts the seed into a real API server. */
import type { ApiCall, ApiWriter } from './api-writer.js';
import { serviceObject, sliceObjects } from './kube-objects.js';
import { NAMESPACES, namespaceName, type SeedService } from './seed.js';

/** Namespaces first, then services and their slices. */
export async function seedCluster(api: ApiWriter, services: readonly SeedService[]): Promise<void> {
  await api.sendAll(
    Array.from({ length: NAMESPACES }, (_, i) => ({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { metadata: { name: namespaceName(i) } },
    })),
  );
  await api.sendAll(creations(services));
}

function* creations(services: readonly SeedService[]): Iterable<ApiCall> {
  for (const service of services) {
    const { namespace } = service;
    yield {
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/services`,
      body: serviceObject(service),
    };
    for (const body of sliceObjects(service)) {
      yield {
        method: 'POST',
        path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
        body,
      };
    }
  }
}
