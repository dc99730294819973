/** A v1 Pod cut down to its addresses. */
import { cutAddresses } from './cut-address.js';
import type { CutContext } from './cut-context.js';
import type { CutMeta } from './cut-meta.js';
import { asArray, asObject, objectAt, textAt } from './json-value.js';
import type { KubePod } from './objects.js';

/** Phases whose addresses may already belong to another pod. */
const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Failed', 'Unknown']);

/** The pod; undefined when it has ended (the watch's field selector leaves such pods out already). */
export function cutPod(meta: CutMeta, context: CutContext): KubePod | undefined {
  const status = objectAt(meta.object, 'status');
  if (ENDED.has(textAt(status, 'phase'))) return undefined;
  const list = asArray(status['podIPs']).map((entry) => asObject(entry)?.['ip']);
  const first = textAt(status, 'podIP');
  const values = list.length > 0 ? list : first === '' ? [] : [first];
  return {
    kind: 'Pod',
    namespace: meta.namespace,
    name: meta.name,
    resourceVersion: meta.resourceVersion,
    podIPs: cutAddresses(values, 'status.podIPs', context),
    hostNetwork: objectAt(meta.object, 'spec')['hostNetwork'] === true,
    deleting: textAt(meta.metadata, 'deletionTimestamp') !== '',
  };
}
