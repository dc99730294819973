/** Packs endpoints into EndpointSlices so that little moves between slices when one changes (pure). */
import { groupBy } from './group-by.js';
import { type Json, type JsonObject, objectsAt, sameJson, textAt } from './json.js';

/** `--max-endpoints-per-slice` of the controller manager. */
const MAX_ENDPOINTS_PER_SLICE = 100;

/** Endpoints of one family and one port set. */
export interface SliceContent {
  readonly addressType: string;
  readonly ports: readonly JsonObject[];
  readonly endpoints: readonly JsonObject[];
}

/** What to do with the slices of a Service. */
export interface SlicePlan {
  /** Slices whose endpoints changed, with the new ones. */
  readonly update: readonly { readonly slice: JsonObject; readonly endpoints: JsonObject[] }[];
  readonly create: readonly SliceContent[];
  readonly remove: readonly JsonObject[];
}

/** The identity of an endpoint: its address and, where there is one, the object behind it. */
function keyOf(endpoint: JsonObject): string {
  return JSON.stringify([endpoint['addresses'] ?? [], textAt(endpoint, 'targetRef', 'uid')]);
}

function groupKey(addressType: string, ports: readonly JsonObject[]): string {
  const texts = ports.map((port) =>
    [textAt(port, 'name'), port['port'], port['protocol'], textAt(port, 'appProtocol')].join('/'),
  );
  return `${addressType} ${texts.toSorted().join(',')}`;
}

/** Compares the slices that are there with the content that should be. */
export function planSlices(
  present: readonly JsonObject[],
  wanted: readonly SliceContent[],
): SlicePlan {
  const update: SlicePlan['update'][number][] = [];
  const create: SliceContent[] = [];
  const remove: JsonObject[] = [];
  const groups = groupBy(present, (slice) =>
    groupKey(textAt(slice, 'addressType'), objectsAt(slice, 'ports')),
  );
  for (const content of wanted) {
    const key = groupKey(content.addressType, content.ports);
    const slices = groups.get(key) ?? [];
    groups.delete(key);
    const packed = packGroup(slices, content.endpoints);
    for (const { slice, endpoints } of packed.kept) {
      // One empty slice stays as a placeholder when the group is empty.
      const placeholder = content.endpoints.length === 0 && slice === slices[0];
      if (endpoints.length === 0 && !placeholder) remove.push(slice);
      else if (!sameJson(endpoints, slice['endpoints'] ?? [])) update.push({ slice, endpoints });
    }
    for (const endpoints of packed.fresh) create.push({ ...content, endpoints });
    if (slices.length === 0 && content.endpoints.length === 0) create.push(content);
  }
  for (const slices of groups.values()) remove.push(...slices);
  return { update, create, remove };
}

function packGroup(
  slices: readonly JsonObject[],
  endpoints: readonly JsonObject[],
): { kept: { slice: JsonObject; endpoints: JsonObject[] }[]; fresh: JsonObject[][] } {
  const missing = new Map(endpoints.map((endpoint) => [keyOf(endpoint), endpoint]));
  const kept = slices.map((slice) => {
    const stay: JsonObject[] = [];
    for (const endpoint of objectsAt(slice, 'endpoints')) {
      const current = missing.get(keyOf(endpoint));
      if (current === undefined) continue;
      stay.push(current);
      missing.delete(keyOf(endpoint));
    }
    return { slice, endpoints: stay };
  });
  const rest = [...missing.values()];
  for (const { endpoints: room } of kept) {
    // An emptied slice is not filled again while a fuller one has room.
    if (room.length > 0) room.push(...rest.splice(0, MAX_ENDPOINTS_PER_SLICE - room.length));
  }
  for (const { endpoints: room } of kept) {
    room.push(...rest.splice(0, MAX_ENDPOINTS_PER_SLICE - room.length));
  }
  const fresh: JsonObject[][] = [];
  while (rest.length > 0) fresh.push(rest.splice(0, MAX_ENDPOINTS_PER_SLICE));
  return { kept, fresh };
}

/** `endpoints` and `ports` as the controllers write them: null when there are none. */
export function orNull(list: readonly JsonObject[]): Json {
  return list.length === 0 ? null : [...list];
}
