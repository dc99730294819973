/** Narrowing of outside JSON: every read says what it wants and gets it or nothing. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object (no array), or undefined. */
export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an array; anything else is an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as a text; anything else is the empty text. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A property that is an object; an empty object when it is anything else. */
export function objectAt(parent: JsonObject, key: string): JsonObject {
  return asObject(parent[key]) ?? {};
}

/** A property that is a text; the empty text when it is anything else. */
export function textAt(parent: JsonObject, key: string): string {
  return asText(parent[key]);
}

/** Parses JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
