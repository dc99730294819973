/** A v1 Namespace cut down to its name and labels. */
import type { CutContext } from './cut-context.js';
import type { CutMeta } from './cut-meta.js';
import { objectAt } from './json-value.js';
import type { KubeNamespace } from './objects.js';

const MAX_LABELS = 256;
/** A key has up to 253 + 1 + 63 characters, a value 63 (Kubernetes "Labels and Selectors"). */
const MAX_KEY_LENGTH = 317;
const MAX_VALUE_LENGTH = 63;

export function cutNamespace(meta: CutMeta, context: CutContext): KubeNamespace {
  const labels: [string, string][] = [];
  for (const [key, value] of Object.entries(objectAt(meta.metadata, 'labels'))) {
    if (
      typeof value !== 'string' ||
      key.length > MAX_KEY_LENGTH ||
      value.length > MAX_VALUE_LENGTH
    ) {
      context.drop('metadata.labels holds something that is no label');
    } else if (labels.length >= MAX_LABELS) {
      context.drop(`metadata.labels has more than ${MAX_LABELS} labels`);
      break;
    } else labels.push([context.interner.text(key), context.interner.text(value)]);
  }
  return {
    kind: 'Namespace',
    namespace: '',
    name: meta.name,
    resourceVersion: meta.resourceVersion,
    labels: Object.fromEntries(labels),
  };
}
