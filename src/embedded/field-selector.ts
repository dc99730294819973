/** Field selectors: `metadata.name=a,status.phase!=Failed`, on the fields that each kind offers. */
import { badRequest } from './api-error.js';
import { type JsonObject, textAt } from './json.js';
import type { ResourceType } from './resource-type.js';

interface FieldCondition {
  readonly path: readonly string[];
  readonly equal: boolean;
  readonly value: string;
}

export type FieldSelector = readonly FieldCondition[];

const COMMON = ['metadata.name', 'metadata.namespace'];
const OF_KIND: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  Service: ['spec.clusterIP', 'spec.type'],
  Namespace: ['status.phase'],
  Node: ['spec.unschedulable'],
  ReplicaSet: ['status.replicas'],
};

/** Parses a `fieldSelector` parameter; throws ApiError 400 for syntax and for fields not offered. */
export function parseFieldSelector(text: string, type: ResourceType): FieldSelector {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => parseCondition(part.trim(), type));
}

function parseCondition(text: string, type: ResourceType): FieldCondition {
  const match = /^([^=!]+)(!=|==|=)(.*)$/.exec(text);
  if (match === null)
    throw badRequest(`invalid field selector: ${text}; can't understand '${text}'`);
  const [, field = '', operator, value = ''] = match;
  // Events are never kept, so that any condition on them is as good as another.
  const offered = [...COMMON, ...(OF_KIND[type.kind] ?? [])];
  if (!type.dropped && !offered.includes(field)) {
    throw badRequest(`field label not supported: ${field}`);
  }
  return { path: field.split('.'), equal: operator !== '!=', value };
}

export function matchesFields(selector: FieldSelector, object: JsonObject): boolean {
  return selector.every(({ path, equal, value }) => (textAt(object, ...path) === value) === equal);
}
