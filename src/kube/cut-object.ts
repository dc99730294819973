/** The door of the store: an unknown JSON value becomes an object of its kind, or a reason why not. */
import { cutEndpointSlice } from './cut-endpoint-slice.js';
import { cutMeta, describeObject } from './cut-meta.js';
import { cutNamespace } from './cut-namespace.js';
import { cutNode } from './cut-node.js';
import { cutPod } from './cut-pod.js';
import { cutService } from './cut-service.js';
import type { Interner } from './interner.js';
import { asObject, objectAt, textAt } from './json-value.js';
import type { KubeKind, KubeObject } from './objects.js';

/** An API object after its cut. */
export interface CutObject {
  /** Undefined when not even the names are usable: then there is nothing to add or delete. */
  readonly id: { readonly namespace: string; readonly name: string } | undefined;
  /** Undefined when DNS can't use the object; a kept one of the same name is then to be deleted. */
  readonly object: KubeObject | undefined;
  /** The version even of an object that is not kept, so that a watch goes on behind it. */
  readonly resourceVersion: string;
  /** Distinct reasons for what was left out, in the order in which they were found. */
  readonly dropped: readonly string[];
  /** Kind and name for the log, printable whatever the object holds. */
  readonly description: string;
}

/** Cuts one object; never throws, however odd or hostile the value is. */
export function cutObject(kind: KubeKind, value: unknown, interner: Interner): CutObject {
  const dropped: string[] = [];
  const context = {
    interner,
    drop: (reason: string): void => {
      if (!dropped.includes(reason)) dropped.push(reason);
    },
  };
  const meta = cutMeta(kind, value, context);
  const object = meta === undefined ? undefined : cutByKind[kind](meta, context);
  return {
    id: meta === undefined ? undefined : { namespace: meta.namespace, name: meta.name },
    object,
    resourceVersion: meta?.resourceVersion ?? resourceVersionOf(value),
    dropped,
    description: dropped.length === 0 ? '' : describeObject(kind, value),
  };
}

const cutByKind = {
  Service: cutService,
  EndpointSlice: cutEndpointSlice,
  Namespace: cutNamespace,
  Pod: cutPod,
  Node: cutNode,
} as const satisfies Record<KubeKind, unknown>;

function resourceVersionOf(value: unknown): string {
  return textAt(objectAt(asObject(value) ?? {}, 'metadata'), 'resourceVersion');
}
