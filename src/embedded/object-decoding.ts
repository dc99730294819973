/** Decodes an object that was sent by the fields of its kind, as the API server's decoder does. */
import { badRequest } from './api-error.js';
import { isObject, type Json, type JsonObject } from './json.js';
import { type FieldType, STRUCTS } from './kind-schemas.js';
import { apiVersionOf, type ResourceType } from './resource-type.js';

/** What to do about fields that the kind does not have; the wrong type is always refused. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** Reads the `fieldValidation` parameter; a client that names none is warned. */
export function parseFieldValidation(text: string | null): FieldValidation {
  return text === 'Strict' || text === 'Ignore' ? text : 'Warn';
}

/** The object with known fields only, and what was left out. */
export interface DecodedObject {
  readonly object: JsonObject;
  /** `unknown field "spec.foo"`, one for each. */
  readonly unknown: readonly string[];
}

interface Spot {
  /** The struct around the field, for messages. */
  readonly struct: string;
  /** From the root, with indices. */
  readonly path: string;
}

/**
 * Checks types, drops nulls (a Go field that is null is one left out) and fields that are not known.
 *
 * @throws ApiError 400 for a wrong type, and for unknown fields under `Strict`
 */
export function decodeObject(
  type: ResourceType,
  sent: JsonObject,
  validation: FieldValidation,
): DecodedObject {
  const unknown: string[] = [];
  try {
    const object = decodeStruct(type.kind, sent, { struct: type.kind, path: '' }, unknown);
    if (validation === 'Strict' && unknown.length > 0) {
      throw new TypeError(`strict decoding error: ${unknown.join(', ')}`);
    }
    return { object, unknown: validation === 'Warn' ? unknown : [] };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const version = JSON.stringify(apiVersionOf(type));
    const { kind } = type;
    throw badRequest(
      `${kind} in version ${version} cannot be handled as a ${kind}: ${error.message}`,
    );
  }
}

function decodeStruct(name: string, value: JsonObject, spot: Spot, unknown: string[]): JsonObject {
  const struct = STRUCTS[name];
  const result: JsonObject = {};
  for (const [key, field] of Object.entries(value)) {
    const path = spot.path === '' ? key : `${spot.path}.${key}`;
    const type =
      struct !== undefined && Object.hasOwn(struct.fields, key) ? struct.fields[key] : undefined;
    if (type === undefined) {
      if (struct?.open !== false) result[key] = field;
      else unknown.push(`unknown field ${JSON.stringify(path)}`);
    } else if (field !== null) {
      result[key] = decodeField(type, field, { struct: name, path }, unknown);
    }
  }
  return result;
}

function decodeField(type: FieldType, value: Json, spot: Spot, unknown: string[]): Json {
  if (type === 'any') return value;
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) throw mismatch(value, spot, type);
    const inner = type.slice(2);
    return value.map((entry, index) =>
      decodeField(inner, entry, { ...spot, path: `${spot.path}[${index}]` }, unknown),
    );
  }
  if (isScalar(type)) {
    if (!fits(type, value)) throw mismatch(value, spot, type);
    return value;
  }
  if (!isObject(value)) throw mismatch(value, spot, type);
  if (type !== 'map') return decodeStruct(type, value, spot, unknown);
  for (const text of Object.values(value)) {
    if (typeof text !== 'string') throw mismatch(text, spot, 'string');
  }
  return value;
}

function isScalar(type: FieldType): boolean {
  return ['string', 'int', 'bool', 'intOrString'].includes(type);
}

function fits(type: FieldType, value: Json): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value);
    default:
      return typeof value === 'string' || Number.isInteger(value);
  }
}

/** The decoder's message: Go's names of types, and a path without indices. */
function mismatch(value: Json, { struct, path }: Spot, type: FieldType): TypeError {
  const found = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const shown = found === 'boolean' ? 'bool' : found;
  const field = `${struct}.${path.replaceAll(/\[\d+\]/g, '')}`;
  return new TypeError(
    `json: cannot unmarshal ${shown} into Go struct field ${field} of type ${goType(type)}`,
  );
}

function goType(type: FieldType): string {
  if (type.startsWith('[]')) return `[]${goType(type.slice(2))}`;
  const names: Readonly<Record<string, string>> = {
    string: 'string',
    int: 'int32',
    bool: 'bool',
    map: 'map[string]string',
    intOrString: 'intstr.IntOrString',
  };
  return names[type] ?? `v1.${type}`;
}
