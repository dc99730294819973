/** Keeps the number of pods of each ReplicaSet. */
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import { type JsonObject, numberAt, objectAt } from './json.js';
import { nameOf, nameSuffix, namespaceOf } from './object-identity.js';
import { resourceOf } from './resource-type.js';
import { isPodReady } from './service-endpoints.js';
import { WorkloadController } from './workload-controller.js';
import { countPods, createPod, ownedBy } from './workload-pods.js';

const REPLICA_SET = resourceOf('ReplicaSet');
const POD = resourceOf('Pod');

export function replicaSetController(cluster: Cluster): Controller {
  const sync = (set: JsonObject): JsonObject => syncReplicaSet(cluster, set);
  return new WorkloadController(cluster, { type: REPLICA_SET, owned: POD, sync });
}

function syncReplicaSet(cluster: Cluster, set: JsonObject): JsonObject {
  const wanted = numberAt(set, 'spec', 'replicas');
  const { active } = countPods(ownedBy(cluster, POD, set));
  for (let count = active.length; count < wanted; count += 1) {
    createPod(cluster, set, `${nameOf(set)}-${nameSuffix(cluster.surroundings.random)}`, {});
  }
  // Pods that are not ready go first.
  const order = active.toSorted(
    (left, right) => Number(isPodReady(left)) - Number(isPodReady(right)),
  );
  for (const pod of order.slice(0, Math.max(0, active.length - wanted))) {
    cluster.delete(POD, namespaceOf(pod), nameOf(pod));
  }
  const now = countPods(ownedBy(cluster, POD, set));
  return {
    replicas: now.active.length,
    fullyLabeledReplicas: now.active.length,
    readyReplicas: now.ready,
    availableReplicas: now.ready,
    observedGeneration: numberAt(objectAt(set, 'metadata'), 'generation'),
  };
}
