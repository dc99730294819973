/** OpenAPI documents: enough for kubectl to leave validation to the server and to explain the kinds. */
import type { JsonObject } from './json.js';
import { schemasOf } from './kind-schemas.js';
import { apiVersionOf, RESOURCE_TYPES, type ResourceType } from './resource-type.js';

/** `/openapi/v3`: where the document of each group version is. */
export function openApiIndex(): JsonObject {
  const paths: JsonObject = {};
  for (const version of new Set(RESOURCE_TYPES.map(pathOf))) {
    paths[version] = { serverRelativeURL: `/openapi/v3/${version}?hash=svcdns` };
  }
  return { paths };
}

/** `/openapi/v3/api/v1`, `/openapi/v3/apis/GROUP/v1`; undefined for what is not served. */
export function openApiDocument(version: string): JsonObject | undefined {
  const types = RESOURCE_TYPES.filter((type) => pathOf(type) === version);
  if (types.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: Object.fromEntries(types.map((type) => [`/${urlOf(type)}`, pathItem(type)])),
    components: { schemas: Object.assign({}, ...types.map(schemasOf)) },
  };
}

/**
 * `/openapi/v2` as protobuf: a document that says its version and nothing else. Clients that read
 * it find no schema and fall back on the types that they were built with.
 */
export function openApiV2Protobuf(): Uint8Array {
  // Field 1 (swagger), length-delimited, "2.0".
  return Uint8Array.of(0x0a, 0x03, 0x32, 0x2e, 0x30);
}

/** `/openapi/v2` as JSON. */
export function openApiV2(): JsonObject {
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: {},
    definitions: {},
  };
}

function pathOf(type: ResourceType): string {
  return type.group === '' ? 'api/v1' : `apis/${apiVersionOf(type)}`;
}

function urlOf(type: ResourceType): string {
  const scope = type.namespaced ? 'namespaces/{namespace}/' : '';
  return `${pathOf(type)}/${scope}${type.plural}/{name}`;
}

function pathItem(type: ResourceType): JsonObject {
  const gvk = { group: type.group, version: type.version, kind: type.kind };
  const parameter = (name: string): JsonObject => ({
    name,
    in: 'query',
    schema: { type: 'string', uniqueItems: true },
  });
  return {
    patch: {
      operationId: `patch${type.kind}`,
      // kubectl leaves the check of fields to a server that names this parameter.
      parameters: [parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation')],
      responses: { 200: { description: 'OK' } },
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': gvk,
    },
  };
}
