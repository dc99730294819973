/** Keeps the named pods of each StatefulSet: `web-0`, `web-1`, ... with hostname and subdomain. */
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import { type JsonObject, numberAt, objectAt, textAt } from './json.js';
import { isTerminating, nameOf, namespaceOf } from './object-identity.js';
import { resourceOf } from './resource-type.js';
import { isPodReady } from './service-endpoints.js';
import { WorkloadController } from './workload-controller.js';
import { countPods, createPod, ownedBy, templateHash } from './workload-pods.js';

const STATEFUL_SET = resourceOf('StatefulSet');
const POD = resourceOf('Pod');
const REVISION_LABEL = 'controller-revision-hash';

export function statefulSetController(cluster: Cluster): Controller {
  const sync = (set: JsonObject): JsonObject => syncStatefulSet(cluster, set);
  return new WorkloadController(cluster, { type: STATEFUL_SET, owned: POD, sync });
}

function syncStatefulSet(cluster: Cluster, set: JsonObject): JsonObject {
  const revision = `${nameOf(set)}-${templateHash(objectAt(set, 'spec', 'template'))}`;
  step(cluster, set, revision);
  return statusOf(cluster, set, revision);
}

/** One step: the pods' own changes call for the next one. */
function step(cluster: Cluster, set: JsonObject, revision: string): void {
  const wanted = numberAt(set, 'spec', 'replicas');
  const ordered = textAt(set, 'spec', 'podManagementPolicy') !== 'Parallel';
  const pods = new Map(ownedBy(cluster, POD, set).map((pod) => [nameOf(pod), pod]));
  for (let ordinal = 0; ordinal < wanted; ordinal += 1) {
    const name = `${nameOf(set)}-${ordinal}`;
    const pod = pods.get(name);
    if (pod === undefined) createOrdinal(cluster, set, { ordinal, revision });
    // In order: each waits for the one before it.
    if (ordered && (pod === undefined || isTerminating(pod) || !isPodReady(pod))) return;
  }
  const surplus = [...pods.values()].filter((pod) => ordinalOf(pod) >= wanted);
  const outdated = [...pods.values()].filter(
    (pod) => textAt(pod, 'metadata', 'labels', REVISION_LABEL) !== revision,
  );
  // From the highest ordinal down, one at a time.
  const leaving = (surplus.length > 0 ? surplus : outdated).toSorted(
    (left, right) => ordinalOf(right) - ordinalOf(left),
  );
  const next = leaving[0];
  if (next !== undefined && !isTerminating(next)) {
    cluster.delete(POD, namespaceOf(next), nameOf(next));
  }
}

function createOrdinal(
  cluster: Cluster,
  set: JsonObject,
  { ordinal, revision }: { ordinal: number; revision: string },
): void {
  const name = `${nameOf(set)}-${ordinal}`;
  createPod(cluster, set, name, {
    labels: {
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
      [REVISION_LABEL]: revision,
    },
    spec: { hostname: name, subdomain: textAt(set, 'spec', 'serviceName') },
  });
}

function ordinalOf(pod: JsonObject): number {
  return Number(/-(\d+)$/.exec(nameOf(pod))?.[1] ?? 0);
}

function statusOf(cluster: Cluster, set: JsonObject, revision: string): JsonObject {
  const { active, ready } = countPods(ownedBy(cluster, POD, set));
  const updated = active.filter(
    (pod) => textAt(pod, 'metadata', 'labels', REVISION_LABEL) === revision,
  ).length;
  const wanted = numberAt(set, 'spec', 'replicas');
  const done = updated === active.length && active.length === wanted && ready === wanted;
  const before = textAt(set, 'status', 'currentRevision');
  return {
    observedGeneration: numberAt(set, 'metadata', 'generation'),
    replicas: active.length,
    readyReplicas: ready,
    availableReplicas: ready,
    currentReplicas: done ? active.length : active.length - updated,
    updatedReplicas: updated,
    currentRevision: done || before === '' ? revision : before,
    updateRevision: revision,
    collisionCount: 0,
  };
}
