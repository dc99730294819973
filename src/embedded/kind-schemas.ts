/** The fields of the kinds: checked at the door as the API server decodes them, and explained. */
import type { JsonObject } from './json.js';
import type { ResourceType } from './resource-type.js';

/** OpenAPI schemas of a kind by their name. */
export function schemasOf(_type: ResourceType): JsonObject {
  return {};
}
