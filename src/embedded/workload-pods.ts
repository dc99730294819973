/** What the workload controllers share: pods from a template, the pods of an owner, template hashes. */
import { createHash } from 'node:crypto';
import type { Cluster } from './cluster.js';
import { copyObject, type JsonObject, objectAt, objectsAt, textAt } from './json.js';
import { isTerminating, namespaceOf, ownerReference } from './object-identity.js';
import { type ResourceType, resourceOf } from './resource-type.js';
import { isPodReady } from './service-endpoints.js';

const POD = resourceOf('Pod');

/** A name part that is the same for equal templates. */
export function templateHash(template: JsonObject): string {
  const hex = createHash('sha256').update(JSON.stringify(template)).digest('hex');
  // Letters and digits of generated names only (apimachinery SafeEncodeString).
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length: 10 }, (_, index) => {
    const byte = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
    return letters[byte % letters.length] ?? 'b';
  }).join('');
}

/** The controlling owner's uid, empty when there is none. */
export function controllerUid(object: JsonObject): string {
  const owner = objectsAt(object, 'metadata', 'ownerReferences').find(
    (reference) => reference['controller'] === true,
  );
  return textAt(owner, 'uid');
}

/** Objects of a type that an owner controls. */
export function ownedBy(cluster: Cluster, type: ResourceType, owner: JsonObject): JsonObject[] {
  const uid = textAt(owner, 'metadata', 'uid');
  return cluster.store
    .list(type, namespaceOf(owner))
    .filter((object) => controllerUid(object) === uid);
}

/** Creates a pod from an owner's template. */
export function createPod(
  cluster: Cluster,
  owner: JsonObject,
  name: string,
  extra: { readonly labels?: JsonObject; readonly spec?: JsonObject },
): void {
  const template = copyObject(objectAt(owner, 'spec', 'template'));
  const meta = objectAt(template, 'metadata');
  const annotations = meta['annotations'];
  cluster.create(POD, namespaceOf(owner), {
    metadata: {
      name,
      labels: { ...objectAt(meta, 'labels'), ...extra.labels },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [ownerReference(owner)],
    },
    spec: { ...objectAt(template, 'spec'), ...extra.spec },
  });
}

/** Pods that are not on their way out, and how many of them are ready. */
export function countPods(pods: readonly JsonObject[]): {
  readonly active: JsonObject[];
  readonly ready: number;
} {
  const active = pods.filter((pod) => !isTerminating(pod));
  return { active, ready: active.filter(isPodReady).length };
}
