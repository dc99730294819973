/** JSON Patch (RFC 6902): the operations of `application/json-patch+json`. */
import { ApiError, badRequest } from './api-error.js';
import { isObject, type Json, type JsonObject, sameJson, textAt } from './json.js';

/** Applies the operations to a copy; throws ApiError 422 where one can't be done. */
export function applyJsonPatch(target: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch has to be a list of operations');
  let result: Json = structuredClone(target);
  for (const operation of patch) result = applyOperation(result, operation);
  if (!isObject(result)) throw badRequest('a JSON patch has to leave an object');
  return result;
}

function applyOperation(root: Json, operation: Json): Json {
  const path = parsePointer(textAt(operation, 'path'));
  const value = isObject(operation) ? (operation['value'] ?? null) : null;
  const from = parsePointer(textAt(operation, 'from'));
  switch (textAt(operation, 'op')) {
    case 'add':
      return add(root, path, value);
    case 'remove':
      return remove(root, path);
    case 'replace':
      return add(remove(root, path), path, value);
    case 'move': {
      const moved = read(root, from);
      return add(remove(root, from), path, moved);
    }
    case 'copy':
      return add(root, path, structuredClone(read(root, from)));
    case 'test':
      if (sameJson(read(root, path), value)) return root;
      throw refused(`testing value ${textAt(operation, 'path')} failed`);
    default:
      throw badRequest(`unexpected kind of operation: ${textAt(operation, 'op')}`);
  }
}

/** RFC 6901: `/a~1b/0` to keys. */
function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(root: Json, path: readonly string[]): Json {
  let current: Json | undefined = root;
  for (const key of path) current = child(current, key);
  if (current === undefined) throw missing(path);
  return current;
}

function child(parent: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(parent)) return /^\d+$/.test(key) ? parent[Number(key)] : undefined;
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function add(root: Json, path: readonly string[], value: Json): Json {
  const key = path.at(-1);
  if (key === undefined) return value;
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : Number(key);
    if (!Number.isInteger(index) || index < 0 || index > parent.length) throw missing(path);
    parent.splice(index, 0, value);
  } else if (isObject(parent) && key !== '__proto__') {
    parent[key] = value;
  } else throw missing(path);
  return root;
}

function remove(root: Json, path: readonly string[]): Json {
  const key = path.at(-1);
  if (key === undefined) return {};
  read(root, path);
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (isObject(parent)) delete parent[key];
  return root;
}

function missing(path: readonly string[]): ApiError {
  return refused(`doc is missing path: "/${path.join('/')}": missing value`);
}

function refused(why: string): ApiError {
  return new ApiError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${why}`,
  );
}
