/** Rules for `metadata`: names by kind, labels, annotations, what an update may not change. */
import { type FieldFault, forbiddenField, invalidValue, requiredValue } from './field-fault.js';
import { type JsonObject, objectAt, textAt, textMapAt } from './json.js';
import {
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  labelValue,
  qualifiedName,
  type ValueRule,
} from './name-rules.js';
import type { ResourceType } from './resource-type.js';

/** Sum of the keys and values of all annotations, in bytes. */
const MAX_ANNOTATION_BYTES = 256 * 1024;

const NAME_RULES: Readonly<Record<string, ValueRule>> = {
  Service: dns1035Label,
  Namespace: dnsLabel,
  // Its pods are named after it with an ordinal and must stay labels.
  StatefulSet: dnsLabel,
};

/** Faults of `metadata` at creation. */
export function validateMetadata(type: ResourceType, object: JsonObject): FieldFault[] {
  const meta = objectAt(object, 'metadata');
  const name = textAt(meta, 'name');
  const faults: FieldFault[] = [];
  if (name === '') faults.push(requiredValue('metadata.name', 'name or generateName is required'));
  else {
    const rule = NAME_RULES[type.kind] ?? dnsSubdomain;
    faults.push(...rule(name).map((text) => invalidValue('metadata.name', name, text)));
  }
  if (!type.namespaced && textAt(meta, 'namespace') !== '') {
    faults.push(forbiddenField('metadata.namespace', 'not allowed on this type'));
  }
  return [...faults, ...validateLabels(meta), ...validateAnnotations(meta)];
}

/** Faults of `metadata` at an update. */
export function validateMetadataUpdate(after: JsonObject, before: JsonObject): FieldFault[] {
  const meta = objectAt(after, 'metadata');
  const old = objectAt(before, 'metadata');
  const faults: FieldFault[] = [];
  for (const field of ['name', 'namespace']) {
    if (textAt(meta, field) !== textAt(old, field)) {
      faults.push(invalidValue(`metadata.${field}`, textAt(meta, field), 'field is immutable'));
    }
  }
  return [...faults, ...validateLabels(meta), ...validateAnnotations(meta)];
}

/** Faults of the label pairs of a field. */
export function validateLabelPairs(
  pairs: Readonly<Record<string, string>>,
  field: string,
): FieldFault[] {
  return Object.entries(pairs).flatMap(([key, value]) => [
    ...qualifiedName(key).map((text) => invalidValue(field, key, text)),
    ...labelValue(value).map((text) => invalidValue(field, value, text)),
  ]);
}

function validateLabels(meta: JsonObject): FieldFault[] {
  return validateLabelPairs(textMapAt(meta, 'labels'), 'metadata.labels');
}

function validateAnnotations(meta: JsonObject): FieldFault[] {
  const annotations = textMapAt(meta, 'annotations');
  const faults = Object.keys(annotations).flatMap((key) =>
    qualifiedName(key.toLowerCase()).map((text) => invalidValue('metadata.annotations', key, text)),
  );
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MAX_ANNOTATION_BYTES) {
    faults.push({
      field: 'metadata.annotations',
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes`,
    });
  }
  return faults;
}
