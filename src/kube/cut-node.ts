/** A v1 Node cut down to the addresses at which its node ports are reached. */
import { cutAddresses } from './cut-address.js';
import type { CutContext } from './cut-context.js';
import type { CutMeta } from './cut-meta.js';
import { asArray, asObject, objectAt, textAt } from './json-value.js';
import type { KubeNode } from './objects.js';

/** status.addresses also holds hostnames and DNS names, which are no addresses. */
export function cutNode(meta: CutMeta, context: CutContext): KubeNode {
  const status = objectAt(meta.object, 'status');
  const entries = asArray(status['addresses']).map((entry) => asObject(entry) ?? {});
  const ofType = (type: string): readonly string[] =>
    cutAddresses(
      entries.filter((entry) => textAt(entry, 'type') === type).map((entry) => entry['address']),
      'status.addresses',
      context,
    );
  const external = ofType('ExternalIP');
  return {
    kind: 'Node',
    namespace: '',
    name: meta.name,
    resourceVersion: meta.resourceVersion,
    addresses: external.length > 0 ? external : ofType('InternalIP'),
    ready: asArray(status['conditions'])
      .map((condition) => asObject(condition) ?? {})
      .some((condition) => textAt(condition, 'type') === 'Ready' && condition['status'] === 'True'),
  };
}
