/** Discovery: which groups, versions and resources there are, in the plain and the aggregated form. */
import type { Json, JsonObject } from './json.js';
import { RESOURCE_TYPES, type ResourceType } from './resource-type.js';

/** The Kubernetes version that the embedded API gives itself. */
const SERVED_VERSION = '1.32.0';

const VERBS: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];
const SUBRESOURCE_VERBS: readonly string[] = ['get', 'patch', 'update'];

/** `/version`. */
export function versionInfo(): JsonObject {
  const [major = '1', minor = ''] = SERVED_VERSION.split('.');
  return {
    major,
    minor,
    gitVersion: `v${SERVED_VERSION}+svcdns`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'node/any',
  };
}

/** `/api`. */
export function coreVersions(serverAddress: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

function groups(): string[] {
  return [...new Set(RESOURCE_TYPES.map((type) => type.group))].filter((group) => group !== '');
}

function groupEntry(group: string): JsonObject {
  const version = { groupVersion: `${group}/v1`, version: 'v1' };
  return { name: group, versions: [version], preferredVersion: version };
}

/** `/apis`. */
export function groupList(): JsonObject {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(groupEntry) };
}

/** `/apis/GROUP`; undefined for a group that is not served. */
export function groupInfo(group: string): JsonObject | undefined {
  return groups().includes(group)
    ? { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) }
    : undefined;
}

/** `/api/v1`, `/apis/GROUP/v1`; undefined for a group that is not served. */
export function resourceList(group: string): JsonObject | undefined {
  const types = RESOURCE_TYPES.filter((type) => type.group === group);
  if (types.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? 'v1' : `${group}/v1`,
    resources: types.flatMap(resourceEntries),
  };
}

function resourceEntries(type: ResourceType): Json[] {
  const entry: JsonObject = {
    name: type.plural,
    singularName: type.singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: [...VERBS],
    ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
    ...(type.categories.length === 0 ? {} : { categories: [...type.categories] }),
  };
  const below = type.subresources.map((subresource): JsonObject => {
    const scale = subresource === 'scale';
    return {
      name: `${type.plural}/${subresource}`,
      singularName: '',
      namespaced: type.namespaced,
      kind: scale ? 'Scale' : type.kind,
      ...(scale ? { group: 'autoscaling', version: 'v1' } : {}),
      verbs: [...SUBRESOURCE_VERBS],
    };
  });
  return [entry, ...below];
}

/** `/api` and `/apis` for a client that asks for everything at once. */
export function aggregatedDiscovery(core: boolean): JsonObject {
  const names = core ? [''] : groups();
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: names.map(
      (group): JsonObject => ({
        metadata: { name: group, creationTimestamp: null },
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: RESOURCE_TYPES.filter((type) => type.group === group).map(aggregatedEntry),
          },
        ],
      }),
    ),
  };
}

function aggregatedEntry(type: ResourceType): JsonObject {
  const kind = { group: type.group, version: type.version, kind: type.kind };
  return {
    resource: type.plural,
    responseKind: kind,
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: [...VERBS],
    ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
    ...(type.categories.length === 0 ? {} : { categories: [...type.categories] }),
    ...(type.subresources.length === 0
      ? {}
      : {
          subresources: type.subresources.map(
            (subresource): JsonObject => ({
              subresource,
              responseKind:
                subresource === 'scale'
                  ? { group: 'autoscaling', version: 'v1', kind: 'Scale' }
                  : kind,
              verbs: [...SUBRESOURCE_VERBS],
            }),
          ),
        }),
  };
}
