/** JSON merge patch (RFC 7396): null deletes, objects merge, everything else replaces. */
import { isObject, type Json, type JsonObject } from './json.js';

/** The target with the patch in it; neither is changed. */
export function applyMergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergeValue(result[key], value);
  }
  return result;
}

function mergeValue(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  return applyMergePatch(isObject(target) ? target : {}, patch);
}
