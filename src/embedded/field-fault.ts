/** Faults of single fields, worded as k8s.io/apimachinery words them (util/validation/field). */
import type { Json } from './json.js';

/** One fault of an object's field. */
export interface FieldFault {
  /** `spec.ports[0].name` */
  readonly field: string;
  /** A cause type such as `FieldValueInvalid`. */
  readonly reason: string;
  readonly message: string;
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

export function invalidValue(field: string, value: Json | undefined, detail: string): FieldFault {
  const shown = JSON.stringify(value ?? null);
  return {
    field,
    reason: 'FieldValueInvalid',
    message: withDetail(`Invalid value: ${shown}`, detail),
  };
}

export function requiredValue(field: string, detail = ''): FieldFault {
  return { field, reason: 'FieldValueRequired', message: withDetail('Required value', detail) };
}

export function duplicateValue(field: string, value: Json): FieldFault {
  const message = `Duplicate value: ${JSON.stringify(value)}`;
  return { field, reason: 'FieldValueDuplicate', message };
}

export function forbiddenField(field: string, detail: string): FieldFault {
  return { field, reason: 'FieldValueForbidden', message: withDetail('Forbidden', detail) };
}

export function unsupportedValue(
  field: string,
  value: Json,
  supported: readonly string[],
): FieldFault {
  const list = supported.map((entry) => JSON.stringify(entry)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { field, reason: 'FieldValueNotSupported', message };
}
