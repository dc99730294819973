/** The kinds that the embedded API serves, as its discovery and its URLs know them. */

/** A kind with its place in the API. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The name in URLs. */
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly subresources: readonly ('status' | 'scale' | 'finalize')[];
  /** Accepted and forgotten: nothing is stored (Event). */
  readonly dropped: boolean;
}

type Row = Pick<ResourceType, 'kind' | 'plural'> & Partial<ResourceType>;

function resource(row: Row): ResourceType {
  return {
    group: '',
    version: 'v1',
    singular: row.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    subresources: [],
    dropped: false,
    ...row,
  };
}

const APPS = {
  group: 'apps',
  categories: ['all'],
  subresources: ['status', 'scale'],
} as const satisfies Partial<ResourceType>;

/** Every kind, in the order in which discovery lists them. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  resource({ kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'] }),
  resource({ kind: 'Endpoints', plural: 'endpoints', shortNames: ['ep'] }),
  resource({ kind: 'Event', plural: 'events', shortNames: ['ev'], dropped: true }),
  resource({
    kind: 'Namespace',
    plural: 'namespaces',
    shortNames: ['ns'],
    namespaced: false,
    subresources: ['status', 'finalize'],
  }),
  resource({
    kind: 'Node',
    plural: 'nodes',
    shortNames: ['no'],
    namespaced: false,
    subresources: ['status'],
  }),
  resource({
    kind: 'Pod',
    plural: 'pods',
    shortNames: ['po'],
    categories: ['all'],
    subresources: ['status'],
  }),
  resource({
    kind: 'Service',
    plural: 'services',
    shortNames: ['svc'],
    categories: ['all'],
    subresources: ['status'],
  }),
  resource({ kind: 'ServiceAccount', plural: 'serviceaccounts', shortNames: ['sa'] }),
  resource({ ...APPS, kind: 'Deployment', plural: 'deployments', shortNames: ['deploy'] }),
  resource({ ...APPS, kind: 'ReplicaSet', plural: 'replicasets', shortNames: ['rs'] }),
  resource({ ...APPS, kind: 'StatefulSet', plural: 'statefulsets', shortNames: ['sts'] }),
  resource({ kind: 'Lease', plural: 'leases', group: 'coordination.k8s.io' }),
  resource({ kind: 'EndpointSlice', plural: 'endpointslices', group: 'discovery.k8s.io' }),
];

const byKind: ReadonlyMap<string, ResourceType> = new Map(
  RESOURCE_TYPES.map((type) => [type.kind, type]),
);

/** The type of a kind that is certain to be served. */
export function resourceOf(kind: string): ResourceType {
  const type = byKind.get(kind);
  if (type === undefined) throw new Error(`no resource type for kind ${kind}`);
  return type;
}

/** The type of a manifest's apiVersion and kind. */
export function resourceOfManifest(apiVersion: string, kind: string): ResourceType | undefined {
  const type = byKind.get(kind);
  return type !== undefined && apiVersionOf(type) === apiVersion ? type : undefined;
}

/** The type behind a URL's group, version and plural. */
export function resourceOfPath(
  group: string,
  version: string,
  plural: string,
): ResourceType | undefined {
  return RESOURCE_TYPES.find(
    (type) => type.group === group && type.version === version && type.plural === plural,
  );
}

/** `v1`, `apps/v1`. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** As messages name it: `services`, `deployments.apps`. */
export function qualifiedResource(type: ResourceType): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/** As messages name the kind: `Service`, `Deployment.apps`. */
export function qualifiedKind(type: ResourceType): string {
  return type.group === '' ? type.kind : `${type.kind}.${type.group}`;
}
