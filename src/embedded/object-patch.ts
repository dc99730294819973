/** Applies a patch request's body to an object, by its content type. */
import { badRequest } from './api-error.js';
import { isObject, type Json, type JsonObject } from './json.js';
import { applyJsonPatch } from './json-patch.js';
import { bodyType } from './media-type.js';
import { applyMergePatch } from './merge-patch.js';
import { parseBody, unsupportedMediaType } from './request-body.js';
import { applyStrategicMergePatch } from './strategic-merge-patch.js';

const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
/** Server-side apply; fields are not tracked by manager: it merges like a strategic patch. */
const APPLY = 'application/apply-patch+yaml';

/** A patch that was read; `creates` says that it may make the object. */
export interface ObjectPatch {
  readonly creates: boolean;
  apply(target: JsonObject, kind: string): JsonObject;
}

/** Reads a patch; throws ApiError 400, 415. */
export function parsePatch(text: string, contentType: string | undefined): ObjectPatch {
  const type = bodyType(contentType);
  if (![JSON_PATCH, MERGE, STRATEGIC, APPLY].includes(type)) {
    throw unsupportedMediaType([JSON_PATCH, MERGE, STRATEGIC, APPLY]);
  }
  const patch = parseBody(text, type === APPLY);
  if (type === JSON_PATCH) {
    return { creates: false, apply: (target) => applyJsonPatch(target, patch) };
  }
  const fields = asFields(patch);
  if (type === MERGE) {
    return { creates: false, apply: (target) => applyMergePatch(target, fields) };
  }
  return {
    creates: type === APPLY,
    apply: (target, kind) => applyStrategicMergePatch(target, fields, kind),
  };
}

function asFields(patch: Json): JsonObject {
  if (!isObject(patch)) throw badRequest('a merge patch has to be an object');
  return patch;
}
