/** Rolls each Deployment's template out through ReplicaSets: the new one first, then the old ones go. */
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import {
  copyObject,
  type JsonObject,
  numberAt,
  objectAt,
  openObject,
  sameJson,
  textAt,
} from './json.js';
import { nameOf, namespaceOf, ownerReference, timestamp } from './object-identity.js';
import { resourceOf } from './resource-type.js';
import { WorkloadController } from './workload-controller.js';
import { ownedBy, templateHash } from './workload-pods.js';

const DEPLOYMENT = resourceOf('Deployment');
const REPLICA_SET = resourceOf('ReplicaSet');
const HASH_LABEL = 'pod-template-hash';
const REVISION = 'deployment.kubernetes.io/revision';

export function deploymentController(cluster: Cluster): Controller {
  const sync = (deployment: JsonObject): JsonObject => syncDeployment(cluster, deployment);
  return new WorkloadController(cluster, { type: DEPLOYMENT, owned: REPLICA_SET, sync });
}

function syncDeployment(cluster: Cluster, deployment: JsonObject): JsonObject {
  const wanted = numberAt(deployment, 'spec', 'replicas');
  const hash = templateHash(objectAt(deployment, 'spec', 'template'));
  const sets = ownedBy(cluster, REPLICA_SET, deployment);
  const present = sets.find((set) => textAt(set, 'metadata', 'labels', HASH_LABEL) === hash);
  const others = sets.filter((set) => set !== present);
  const newest = Math.max(0, ...others.map(revisionOf));
  const revision = Math.max(newest + 1, present === undefined ? 1 : revisionOf(present));
  const current =
    present === undefined
      ? createSet(cluster, deployment, { hash, wanted, revision })
      : updateSet(cluster, present, { wanted, revision });
  markRevision(cluster, deployment, revision);
  // All of the new pods are up before an old one goes: no answer is ever empty.
  const readyNow = numberAt(current, 'status', 'readyReplicas');
  if (readyNow >= wanted) for (const set of others) updateSet(cluster, set, { wanted: 0 });
  return statusOf(cluster, deployment, current);
}

function revisionOf(set: JsonObject): number {
  return Number(textAt(set, 'metadata', 'annotations', REVISION)) || 0;
}

function createSet(
  cluster: Cluster,
  deployment: JsonObject,
  { hash, wanted, revision }: { hash: string; wanted: number; revision: number },
): JsonObject {
  const spec = objectAt(deployment, 'spec');
  const template = copyObject(objectAt(spec, 'template'));
  const labels = openObject(openObject(template, 'metadata'), 'labels');
  labels[HASH_LABEL] = hash;
  const selector = copyObject(objectAt(spec, 'selector'));
  openObject(selector, 'matchLabels')[HASH_LABEL] = hash;
  return cluster.create(REPLICA_SET, namespaceOf(deployment), {
    metadata: {
      name: `${nameOf(deployment)}-${hash}`,
      labels: { ...labels },
      annotations: { [REVISION]: String(revision) },
      ownerReferences: [ownerReference(deployment)],
    },
    spec: { replicas: wanted, selector, template },
  });
}

function updateSet(
  cluster: Cluster,
  set: JsonObject,
  { wanted, revision }: { wanted: number; revision?: number },
): JsonObject {
  const copy = copyObject(set);
  openObject(copy, 'spec')['replicas'] = wanted;
  if (revision !== undefined) {
    openObject(openObject(copy, 'metadata'), 'annotations')[REVISION] = String(revision);
  }
  if (sameJson(copy, set)) return set;
  const meta = openObject(copy, 'metadata');
  meta['generation'] = numberAt(meta, 'generation') + 1;
  return cluster.save(REPLICA_SET, copy);
}

function markRevision(cluster: Cluster, deployment: JsonObject, revision: number): void {
  if (textAt(deployment, 'metadata', 'annotations', REVISION) === String(revision)) return;
  const copy = copyObject(deployment);
  openObject(openObject(copy, 'metadata'), 'annotations')[REVISION] = String(revision);
  cluster.save(DEPLOYMENT, copy);
}

function statusOf(cluster: Cluster, deployment: JsonObject, current: JsonObject): JsonObject {
  const sets = ownedBy(cluster, REPLICA_SET, deployment);
  const total = (field: string): number =>
    sets.reduce((sum, set) => sum + numberAt(set, 'status', field), 0);
  const wanted = numberAt(deployment, 'spec', 'replicas');
  const ready = total('readyReplicas');
  const before = objectAt(deployment, 'status');
  const conditions = [
    condition('Available', ready >= wanted, 'MinimumReplicasAvailable'),
    condition(
      'Progressing',
      true,
      ready >= wanted ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
    ),
  ];
  const now = timestamp(cluster.surroundings.now());
  return {
    observedGeneration: numberAt(deployment, 'metadata', 'generation'),
    replicas: total('replicas'),
    updatedReplicas: numberAt(current, 'status', 'replicas'),
    readyReplicas: ready,
    availableReplicas: ready,
    ...(ready >= wanted ? {} : { unavailableReplicas: wanted - ready }),
    conditions: conditions.map((entry, index) => {
      const old = objectAt(before, 'conditions', index);
      const same = old['status'] === entry['status'] && old['reason'] === entry['reason'];
      return same ? old : { ...entry, lastUpdateTime: now, lastTransitionTime: now };
    }),
  };
}

function condition(type: string, holds: boolean, reason: string): JsonObject {
  return { type, status: holds ? 'True' : 'False', reason, message: '' };
}
