/** JSON as typed data: the door from `unknown`, and reading fields without casts. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

const NOTHING: JsonObject = Object.freeze({});

/** Turns parsed text (JSON.parse, a YAML document) into {@link Json}; throws TypeError on anything else. */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (
    typeof value === 'object' &&
    (value.constructor === Object || value.constructor === undefined)
  ) {
    const object: JsonObject = {};
    for (const [key, field] of Object.entries(value)) {
      // An own property of this name would otherwise change the prototype.
      if (field === undefined || key === '__proto__') continue;
      object[key] = toJson(field);
    }
    return object;
  }
  throw new TypeError(`${typeof value} is not JSON`);
}

/** Parses text as one JSON object; throws SyntaxError or TypeError. */
export function parseObject(text: string): JsonObject {
  const value = toJson(JSON.parse(text));
  if (!isObject(value)) throw new TypeError('expected a JSON object');
  return value;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of keys and indices, undefined where the path ends early. */
export function at(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): Json | undefined {
  let current = value;
  for (const key of path) {
    if (typeof key === 'number') current = Array.isArray(current) ? current[key] : undefined;
    else current = isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  }
  return current;
}

/** The text at a path, empty when there is none. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The number at a path, 0 when there is none. */
export function numberAt(value: Json | undefined, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
}

/** Whether `true` stands at a path. */
export function flagAt(value: Json | undefined, ...path: readonly (string | number)[]): boolean {
  return at(value, ...path) === true;
}

/** The object at a path, an empty frozen one when there is none. */
export function objectAt(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : NOTHING;
}

/** The objects of the list at a path. */
export function objectsAt(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): JsonObject[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

/** The texts of the list at a path. */
export function textsAt(value: Json | undefined, ...path: readonly (string | number)[]): string[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter((entry) => typeof entry === 'string') : [];
}

/** The text fields of the object at a path: labels, annotations, selectors. */
export function textMapAt(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): Record<string, string> {
  const map: Record<string, string> = {};
  for (const [key, field] of Object.entries(objectAt(value, ...path))) {
    if (typeof field === 'string') map[key] = field;
  }
  return map;
}

/** The object under `key`, put there when it is missing or something else. */
export function openObject(parent: JsonObject, key: string): JsonObject {
  const found = parent[key];
  if (isObject(found)) return found;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}

/** Whether two values are the same, whatever the order of their keys. */
export function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((entry, index) => sameJson(entry, right[index]))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]))
  );
}

/** A deep copy that may be changed. */
export function copyObject(object: JsonObject): JsonObject {
  return structuredClone(object);
}

/** Freezes a value through and through: stored objects are shared with every reader. */
export function freezeJson<T extends Json>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const field of Object.values(value)) freezeJson(field);
  }
  return value;
}
