/** The `scale` subresource: an autoscaling/v1 Scale over a workload's replicas. */
import { copyObject, type JsonObject, numberAt, objectAt, openObject, textAt } from './json.js';
import { formatLabelSelector, parseObjectSelector } from './label-selector.js';

/** The Scale of a workload. */
export function toScale(object: JsonObject): JsonObject {
  const meta = objectAt(object, 'metadata');
  const selector = formatLabelSelector(parseObjectSelector(objectAt(object, 'spec', 'selector')));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name: textAt(meta, 'name'),
      namespace: textAt(meta, 'namespace'),
      uid: textAt(meta, 'uid'),
      resourceVersion: textAt(meta, 'resourceVersion'),
      creationTimestamp: textAt(meta, 'creationTimestamp'),
    },
    spec: { replicas: numberAt(object, 'spec', 'replicas') },
    status: { replicas: numberAt(object, 'status', 'replicas'), selector },
  };
}

/** The workload with a Scale's replicas; the Scale's resourceVersion is a precondition. */
export function withScale(object: JsonObject, scale: JsonObject): JsonObject {
  const copy = copyObject(object);
  openObject(copy, 'spec')['replicas'] = objectAt(scale, 'spec')['replicas'] ?? 0;
  openObject(copy, 'metadata')['resourceVersion'] = textAt(scale, 'metadata', 'resourceVersion');
  return copy;
}
