/** Objects and lists in the form that the client asked for: whole, as metadata alone, or as a table. */
import { type Json, type JsonObject, objectAt, textAt } from './json.js';
import type { Rendering } from './media-type.js';
import { apiVersionOf, type ResourceType } from './resource-type.js';
import { columnsOf } from './table-columns.js';

/** How rows of a table carry their object. */
export type IncludeObject = 'Metadata' | 'Object' | 'None';

export interface RenderContext {
  readonly rendering: Rendering;
  readonly includeObject: IncludeObject;
  /** Wall-clock milliseconds, for ages. */
  readonly now: number;
}

/** Reads the `includeObject` parameter. */
export function parseIncludeObject(text: string | null): IncludeObject {
  return text === 'Object' || text === 'None' ? text : 'Metadata';
}

/** One object. */
export function renderObject(
  type: ResourceType,
  object: JsonObject,
  context: RenderContext,
): JsonObject {
  if (context.rendering === 'table') {
    const resourceVersion = textAt(object, 'metadata', 'resourceVersion');
    return renderTable(type, [object], { resourceVersion }, context);
  }
  return context.rendering === 'metadata' ? metadataOnly(object) : object;
}

/** A list; `meta` is its ListMeta. */
export function renderList(
  type: ResourceType,
  items: readonly JsonObject[],
  meta: JsonObject,
  context: RenderContext,
): JsonObject {
  if (context.rendering === 'table') return renderTable(type, items, meta, context);
  if (context.rendering === 'metadata') {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: meta,
      items: items.map(metadataOnly),
    };
  }
  return {
    kind: `${type.kind}List`,
    apiVersion: apiVersionOf(type),
    metadata: meta,
    items: items.map(withoutKind),
  };
}

/** A table; kubectl prints its cells. */
function renderTable(
  type: ResourceType,
  items: readonly JsonObject[],
  meta: JsonObject,
  context: RenderContext,
): JsonObject {
  const columns = columnsOf(type.kind);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: meta,
    columnDefinitions: columns.map(
      ({ name, type: cellType, wide }): JsonObject => ({
        name,
        type: cellType,
        format: name === 'Name' ? 'name' : '',
        description: '',
        priority: wide ? 1 : 0,
      }),
    ),
    rows: items.map(
      (object): JsonObject => ({
        cells: columns.map((column) => column.cell(object, context.now)),
        ...rowObject(object, context.includeObject),
      }),
    ),
  };
}

function rowObject(object: JsonObject, include: IncludeObject): JsonObject {
  if (include === 'None') return {};
  return { object: include === 'Object' ? object : metadataOnly(object) };
}

function metadataOnly(object: JsonObject): JsonObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: objectAt(object, 'metadata'),
  };
}

/** Items of a list carry neither kind nor apiVersion. */
function withoutKind(object: JsonObject): Json {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}
