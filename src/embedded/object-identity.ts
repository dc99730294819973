/** What the API server itself writes into `metadata`: uid, creation time, generated names. */
import { type JsonObject, objectAt, openObject, textAt } from './json.js';
import { apiVersionOf, type ResourceType } from './resource-type.js';

/** Clock and randomness of the embedded API. */
export interface Surroundings {
  /** Wall-clock milliseconds since 1970. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
}

/** Without vowels and look-alikes, so that no name becomes a word (apimachinery util/rand). */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
/** The API server cuts the prefix so that name and suffix stay a label. */
const MAX_PREFIX = 58;

/** `2006-01-02T15:04:05Z`: times of the API have whole seconds. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** Five letters behind a generated name. */
export function nameSuffix(random: () => number): string {
  let suffix = '';
  for (let index = 0; index < 5; index += 1) {
    suffix += SUFFIX_LETTERS[Math.floor(random() * SUFFIX_LETTERS.length)] ?? 'b';
  }
  return suffix;
}

/** A version 4 UUID (RFC 9562 §5.4). */
function uid(random: () => number): string {
  const hex = Array.from({ length: 32 }, (_, index) => {
    const digit = Math.floor(random() * 16);
    if (index === 12) return '4';
    return (index === 16 ? (digit & 3) | 8 : digit).toString(16);
  }).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Stamps a new object in place; `generateName` becomes a name. */
export function stamp(object: JsonObject, type: ResourceType, surroundings: Surroundings): void {
  object['kind'] = type.kind;
  object['apiVersion'] = apiVersionOf(type);
  const meta = openObject(object, 'metadata');
  const prefix = textAt(meta, 'generateName');
  if (textAt(meta, 'name') === '' && prefix !== '') {
    meta['name'] = `${prefix.slice(0, MAX_PREFIX)}${nameSuffix(surroundings.random)}`;
  }
  meta['uid'] = uid(surroundings.random);
  meta['creationTimestamp'] = timestamp(surroundings.now());
  delete meta['deletionTimestamp'];
  delete meta['deletionGracePeriodSeconds'];
  delete meta['managedFields'];
}

/** An owner reference to an object, as controllers set it. */
export function ownerReference(owner: JsonObject, blocks = true): JsonObject {
  return {
    apiVersion: textAt(owner, 'apiVersion'),
    kind: textAt(owner, 'kind'),
    name: textAt(owner, 'metadata', 'name'),
    uid: textAt(owner, 'metadata', 'uid'),
    controller: true,
    ...(blocks ? { blockOwnerDeletion: true } : {}),
  };
}

export function nameOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'name');
}

export function namespaceOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'namespace');
}

/** Whether a deletion has begun. */
export function isTerminating(object: JsonObject): boolean {
  return textAt(objectAt(object, 'metadata'), 'deletionTimestamp') !== '';
}
