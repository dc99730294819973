/**
 * Strategic merge patch: lists of objects merge by a key that depends on the field
 * (Kubernetes "Update API objects in place using kubectl patch", and the `patchMergeKey` tags of its types).
 */
import { isObject, type Json, type JsonObject, textAt } from './json.js';

/** Merge keys of lists by the path below the kind; a pod template's paths are those of a Pod. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  'metadata.ownerReferences': 'uid',
  'status.conditions': 'type',
  'Service.spec.ports': 'port',
  'ServiceAccount.secrets': 'name',
  'ServiceAccount.imagePullSecrets': 'name',
  'Node.status.addresses': 'type',
  'Pod.spec.containers': 'name',
  'Pod.spec.initContainers': 'name',
  'Pod.spec.ephemeralContainers': 'name',
  'Pod.spec.volumes': 'name',
  'Pod.spec.imagePullSecrets': 'name',
  'Pod.spec.hostAliases': 'ip',
  'Pod.spec.topologySpreadConstraints': 'topologyKey',
  'Pod.spec.resourceClaims': 'name',
  'Pod.status.podIPs': 'ip',
  'Pod.status.hostIPs': 'ip',
  'Pod.spec.containers.ports': 'containerPort',
  'Pod.spec.containers.env': 'name',
  'Pod.spec.containers.volumeMounts': 'mountPath',
  'Pod.spec.containers.volumeDevices': 'devicePath',
};

/** Lists of plain values that grow by a patch instead of being replaced. */
const MERGED_PRIMITIVES: ReadonlySet<string> = new Set([
  'metadata.finalizers',
  'Node.spec.podCIDRs',
]);

const RETAIN_KEYS = '$retainKeys';
const PATCH = '$patch';
const ORDER = '$setElementOrder/';
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';

function ruleOf<T>(table: (path: string) => T, kind: string, path: string): T | undefined {
  const inTemplate = path.startsWith('spec.template.') ? path.slice('spec.template.'.length) : '';
  // init and ephemeral containers have the fields of containers
  const podPath = (inTemplate || path).replace(/^spec\.(init|ephemeral)C/, 'spec.c');
  return (
    table(path) ??
    table(inTemplate) ??
    table(`${kind}.${path}`) ??
    (kind === 'Pod' || inTemplate !== ''
      ? (table(`Pod.${inTemplate || path}`) ?? table(`Pod.${podPath}`))
      : undefined)
  );
}

function mergeKeyOf(kind: string, path: string): string | undefined {
  return ruleOf((key) => MERGE_KEYS[key], kind, path);
}

function mergesPrimitives(kind: string, path: string): boolean {
  return MERGED_PRIMITIVES.has(path) || MERGED_PRIMITIVES.has(`${kind}.${path}`);
}

/** The target with the patch in it; neither is changed. Server-side apply takes the same way. */
export function applyStrategicMergePatch(
  target: JsonObject,
  patch: JsonObject,
  kind: string,
): JsonObject {
  return mergeObject(target, patch, { kind, path: '' });
}

interface Spot {
  readonly kind: string;
  readonly path: string;
}

function below(spot: Spot, key: string): Spot {
  return { kind: spot.kind, path: spot.path === '' ? key : `${spot.path}.${key}` };
}

function mergeObject(target: JsonObject, patch: JsonObject, spot: Spot): JsonObject {
  if (patch[PATCH] === 'replace') return withoutDirectives(patch);
  const result: JsonObject = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    const merged = mergeField(result[key], value, below(spot, key));
    if (merged === undefined) delete result[key];
    else result[key] = merged;
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!Array.isArray(value)) continue;
    if (key.startsWith(DELETE_PRIMITIVES)) {
      const field = key.slice(DELETE_PRIMITIVES.length);
      const list = result[field];
      if (Array.isArray(list)) result[field] = list.filter((entry) => !value.includes(entry));
    } else if (key.startsWith(ORDER)) {
      const field = key.slice(ORDER.length);
      const list = result[field];
      if (Array.isArray(list)) result[field] = ordered(list, value, below(spot, field));
    } else if (key === RETAIN_KEYS) {
      for (const field of Object.keys(result)) if (!value.includes(field)) delete result[field];
    }
  }
  return result;
}

function mergeField(target: Json | undefined, patch: Json, spot: Spot): Json | undefined {
  if (patch === null) return undefined;
  if (isObject(patch)) {
    if (patch[PATCH] === 'delete') return undefined;
    return mergeObject(isObject(target) ? target : {}, patch, spot);
  }
  if (!Array.isArray(patch)) return patch;
  const list = Array.isArray(target) ? target : [];
  if (mergesPrimitives(spot.kind, spot.path)) return [...new Set([...list, ...patch])];
  const key = mergeKeyOf(spot.kind, spot.path);
  return key === undefined ? patch : mergeList(list, patch, key, spot);
}

function mergeList(target: Json[], patch: Json[], key: string, spot: Spot): Json[] {
  if (patch.some((entry) => isObject(entry) && entry[PATCH] === 'replace')) {
    return patch.filter((entry) => isObject(entry) && entry[PATCH] === undefined);
  }
  const result = [...target];
  for (const entry of patch) {
    if (!isObject(entry)) continue;
    const index = result.findIndex((present) => sameKey(present, entry, key));
    const present = result[index];
    if (entry[PATCH] === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (isObject(present)) result[index] = mergeObject(present, entry, spot);
    else result.push(withoutDirectives(entry));
  }
  return result;
}

function sameKey(left: Json, right: JsonObject, key: string): boolean {
  if (!isObject(left) || left[key] !== right[key]) return false;
  // Two ports of one number differ in their protocol; the key alone would take one for the other.
  const protocols = [textAt(left, 'protocol'), textAt(right, 'protocol')];
  return protocols.includes('') || protocols[0] === protocols[1];
}

/** Entries in the order that the patch names, those it does not name behind them. */
function ordered(list: Json[], order: Json[], spot: Spot): Json[] {
  const key = mergeKeyOf(spot.kind, spot.path);
  const rank = (entry: Json): number => {
    const index = order.findIndex((named) =>
      key !== undefined && isObject(named) ? sameKey(entry, named, key) : named === entry,
    );
    return index < 0 ? order.length : index;
  };
  return list.toSorted((left, right) => rank(left) - rank(right));
}

function withoutDirectives(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !key.startsWith('$')));
}
