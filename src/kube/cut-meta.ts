/** metadata of an API object: name, namespace and version, or nothing when the names are none. */
import type { CutContext } from './cut-context.js';
import { asObject, type JsonObject, objectAt, textAt } from './json-value.js';
import type { KubeKind, KubeMeta } from './objects.js';

/** The names of an object, the object itself and its metadata, ready for the cut of its kind. */
export interface CutMeta extends KubeMeta {
  readonly object: JsonObject;
  readonly metadata: JsonObject;
}

/** A DNS label (RFC 1123 §2.1, Kubernetes "Object Names and IDs"). */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

/** A DNS subdomain: labels with dots between them, 253 characters. */
export function isDnsSubdomain(text: string): boolean {
  return (
    text.length <= 253 &&
    /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(text)
  );
}

/** Services and Namespaces are labels of DNS names themselves; the others are named by subdomains. */
const LABEL_KINDS: ReadonlySet<KubeKind> = new Set<KubeKind>(['Service', 'Namespace']);
/** Kinds whose objects stand in no namespace. */
const CLUSTER_KINDS: ReadonlySet<KubeKind> = new Set<KubeKind>(['Namespace', 'Node']);

/** The object's names; undefined, with the reason dropped, when they are not names of this kind. */
export function cutMeta(kind: KubeKind, value: unknown, context: CutContext): CutMeta | undefined {
  const object = asObject(value);
  if (object === undefined) {
    context.drop('it is not a JSON object');
    return undefined;
  }
  const metadata = objectAt(object, 'metadata');
  const name = textAt(metadata, 'name');
  const namespace = textAt(metadata, 'namespace');
  if (!(LABEL_KINDS.has(kind) ? isDnsLabel(name) : isDnsSubdomain(name))) {
    context.drop('metadata.name is not a valid name');
    return undefined;
  }
  if (CLUSTER_KINDS.has(kind) ? namespace !== '' : !isDnsLabel(namespace)) {
    context.drop('metadata.namespace is not a valid name');
    return undefined;
  }
  return {
    object,
    metadata,
    name: context.interner.text(name),
    namespace: context.interner.text(namespace),
    resourceVersion: textAt(metadata, 'resourceVersion'),
  };
}

/** A name for the log even when the object has none that is valid: printable, at most 80 characters a part. */
export function describeObject(kind: KubeKind, value: unknown): string {
  const metadata = objectAt(asObject(value) ?? {}, 'metadata');
  const namespace = textAt(metadata, 'namespace');
  const name = textAt(metadata, 'name');
  const path = namespace === '' ? printable(name) : `${printable(namespace)}/${printable(name)}`;
  return `${kind} ${path}`;
}

function printable(text: string): string {
  const clean = text.replace(/[^\x21-\x7e]/g, '?');
  if (clean === '') return '(without a name)';
  return clean.length > 80 ? `${clean.slice(0, 80)}...` : clean;
}

/** An RFC 3339 time as milliseconds since 1970; 0 when it is none. */
export function timeOf(text: string): number {
  if (text === '') return 0;
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
}

/** A whole number within the bounds, or undefined. */
export function integerIn(value: unknown, low: number, high: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high
    ? value
    : undefined;
}
