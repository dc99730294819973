/** The fields of the kinds: what the door decodes by, and what `kubectl explain` shows. */
import type { Json, JsonObject } from './json.js';
import type { ResourceType } from './resource-type.js';

/**
 * A field's type: `string`, `int`, `bool`, `intOrString`, `map` (text to text), `any` (not looked
 * into), the name of a struct, or one of these behind `[]`.
 */
export type FieldType = string;

/** A struct's fields. `open`: there are more, which are kept as they come. */
export interface Struct {
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly open: boolean;
}

const closed = (fields: Struct['fields']): Struct => ({ fields, open: false });
const open = (fields: Struct['fields']): Struct => ({ fields, open: true });

/** What every object has. */
const OBJECT = { apiVersion: 'string', kind: 'string', metadata: 'ObjectMeta' } as const;

/** Structs by their name in the Go types. Pods and Nodes are only described as far as they matter here. */
export const STRUCTS: Readonly<Record<string, Struct>> = {
  ObjectMeta: closed({
    name: 'string',
    generateName: 'string',
    namespace: 'string',
    selfLink: 'string',
    uid: 'string',
    resourceVersion: 'string',
    generation: 'int',
    creationTimestamp: 'any',
    deletionTimestamp: 'any',
    deletionGracePeriodSeconds: 'int',
    labels: 'map',
    annotations: 'map',
    ownerReferences: '[]OwnerReference',
    finalizers: '[]string',
    managedFields: 'any',
  }),
  OwnerReference: closed({
    apiVersion: 'string',
    kind: 'string',
    name: 'string',
    uid: 'string',
    controller: 'bool',
    blockOwnerDeletion: 'bool',
  }),
  ObjectReference: closed({
    kind: 'string',
    namespace: 'string',
    name: 'string',
    uid: 'string',
    apiVersion: 'string',
    resourceVersion: 'string',
    fieldPath: 'string',
  }),
  Namespace: closed({ ...OBJECT, spec: 'NamespaceSpec', status: 'any' }),
  NamespaceSpec: closed({ finalizers: '[]string' }),
  Service: closed({ ...OBJECT, spec: 'ServiceSpec', status: 'ServiceStatus' }),
  ServiceSpec: closed({
    ports: '[]ServicePort',
    selector: 'map',
    clusterIP: 'string',
    clusterIPs: '[]string',
    type: 'string',
    externalIPs: '[]string',
    sessionAffinity: 'string',
    loadBalancerIP: 'string',
    loadBalancerSourceRanges: '[]string',
    externalName: 'string',
    externalTrafficPolicy: 'string',
    healthCheckNodePort: 'int',
    publishNotReadyAddresses: 'bool',
    sessionAffinityConfig: 'SessionAffinityConfig',
    ipFamilies: '[]string',
    ipFamilyPolicy: 'string',
    allocateLoadBalancerNodePorts: 'bool',
    loadBalancerClass: 'string',
    internalTrafficPolicy: 'string',
    trafficDistribution: 'string',
  }),
  ServicePort: closed({
    name: 'string',
    protocol: 'string',
    appProtocol: 'string',
    port: 'int',
    targetPort: 'intOrString',
    nodePort: 'int',
  }),
  SessionAffinityConfig: closed({ clientIP: 'ClientIPConfig' }),
  ClientIPConfig: closed({ timeoutSeconds: 'int' }),
  ServiceStatus: closed({ loadBalancer: 'LoadBalancerStatus', conditions: '[]any' }),
  LoadBalancerStatus: closed({ ingress: '[]LoadBalancerIngress' }),
  LoadBalancerIngress: closed({
    ip: 'string',
    hostname: 'string',
    ipMode: 'string',
    ports: '[]any',
  }),
  Endpoints: closed({ ...OBJECT, subsets: '[]EndpointSubset' }),
  EndpointSubset: closed({
    addresses: '[]EndpointAddress',
    notReadyAddresses: '[]EndpointAddress',
    ports: '[]EndpointPort',
  }),
  EndpointAddress: closed({
    ip: 'string',
    hostname: 'string',
    nodeName: 'string',
    targetRef: 'ObjectReference',
  }),
  EndpointPort: closed({ name: 'string', port: 'int', protocol: 'string', appProtocol: 'string' }),
  EndpointSlice: closed({
    ...OBJECT,
    addressType: 'string',
    endpoints: '[]Endpoint',
    ports: '[]EndpointPort',
  }),
  Endpoint: closed({
    addresses: '[]string',
    conditions: 'EndpointConditions',
    hostname: 'string',
    targetRef: 'ObjectReference',
    deprecatedTopology: 'map',
    nodeName: 'string',
    zone: 'string',
    hints: 'any',
  }),
  EndpointConditions: closed({ ready: 'bool', serving: 'bool', terminating: 'bool' }),
  ConfigMap: closed({ ...OBJECT, data: 'map', binaryData: 'map', immutable: 'bool' }),
  Lease: closed({ ...OBJECT, spec: 'LeaseSpec' }),
  LeaseSpec: closed({
    holderIdentity: 'string',
    leaseDurationSeconds: 'int',
    acquireTime: 'any',
    renewTime: 'any',
    leaseTransitions: 'int',
    strategy: 'string',
    preferredHolder: 'string',
  }),
  ServiceAccount: open({ ...OBJECT, automountServiceAccountToken: 'bool' }),
  Event: open({ ...OBJECT }),
  Node: open({ ...OBJECT, spec: 'NodeSpec', status: 'any' }),
  NodeSpec: open({ podCIDR: 'string', podCIDRs: '[]string', unschedulable: 'bool' }),
  Pod: closed({ ...OBJECT, spec: 'PodSpec', status: 'any' }),
  PodTemplateSpec: closed({ metadata: 'ObjectMeta', spec: 'PodSpec' }),
  PodSpec: open({
    containers: '[]Container',
    initContainers: '[]Container',
    hostname: 'string',
    subdomain: 'string',
    nodeName: 'string',
    hostNetwork: 'bool',
    enableServiceLinks: 'bool',
    restartPolicy: 'string',
    dnsPolicy: 'string',
    serviceAccountName: 'string',
    terminationGracePeriodSeconds: 'int',
  }),
  Container: open({
    name: 'string',
    image: 'string',
    command: '[]string',
    args: '[]string',
    ports: '[]ContainerPort',
  }),
  ContainerPort: closed({
    name: 'string',
    hostPort: 'int',
    containerPort: 'int',
    protocol: 'string',
    hostIP: 'string',
  }),
  LabelSelector: closed({ matchLabels: 'map', matchExpressions: '[]LabelSelectorRequirement' }),
  LabelSelectorRequirement: closed({ key: 'string', operator: 'string', values: '[]string' }),
  Deployment: closed({ ...OBJECT, spec: 'DeploymentSpec', status: 'any' }),
  DeploymentSpec: closed({
    replicas: 'int',
    selector: 'LabelSelector',
    template: 'PodTemplateSpec',
    strategy: 'any',
    minReadySeconds: 'int',
    revisionHistoryLimit: 'int',
    paused: 'bool',
    progressDeadlineSeconds: 'int',
  }),
  ReplicaSet: closed({ ...OBJECT, spec: 'ReplicaSetSpec', status: 'any' }),
  ReplicaSetSpec: closed({
    replicas: 'int',
    minReadySeconds: 'int',
    selector: 'LabelSelector',
    template: 'PodTemplateSpec',
  }),
  StatefulSet: closed({ ...OBJECT, spec: 'StatefulSetSpec', status: 'any' }),
  StatefulSetSpec: closed({
    replicas: 'int',
    selector: 'LabelSelector',
    template: 'PodTemplateSpec',
    volumeClaimTemplates: '[]any',
    serviceName: 'string',
    podManagementPolicy: 'string',
    updateStrategy: 'any',
    revisionHistoryLimit: 'int',
    minReadySeconds: 'int',
    persistentVolumeClaimRetentionPolicy: 'any',
    ordinals: 'any',
  }),
};

/** What `kubectl explain` says of a kind. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  Service: 'A name and a policy of access for a set of pods or of other back ends.',
  ServiceSpec: 'What the service selects and how it is reached.',
  ServicePort: 'A port of the service; its target may be a number or the name of a pod port.',
  Endpoints: 'The addresses behind a service, written by hand or by the endpoints controller.',
  EndpointSlice: 'A part of the addresses behind a service, of one family and one set of ports.',
  Namespace: 'A room of its own for names.',
  Pod: 'A pod; the embedded cluster gives it a node, addresses and a readiness, and runs nothing.',
};

/** OpenAPI schemas of a kind and of all that it refers to, by their name. */
export function schemasOf(type: ResourceType): JsonObject {
  const schemas: JsonObject = {};
  const visit = (name: string): void => {
    const struct = STRUCTS[name];
    if (struct === undefined || schemas[name] !== undefined) return;
    schemas[name] = schemaOf(name, struct);
    for (const field of Object.values(struct.fields)) visit(field.replace(/^\[\]/, ''));
  };
  visit(type.kind);
  const root = schemas[type.kind];
  if (typeof root === 'object' && root !== null && !Array.isArray(root)) {
    const { group, version, kind } = type;
    root['x-kubernetes-group-version-kind'] = [{ group, version, kind }];
  }
  return schemas;
}

function schemaOf(name: string, struct: Struct): JsonObject {
  return {
    type: 'object',
    description: DESCRIPTIONS[name] ?? '',
    properties: Object.fromEntries(
      Object.entries(struct.fields).map(([field, type]) => [field, fieldSchema(type)]),
    ),
  };
}

function fieldSchema(type: FieldType): Json {
  if (type.startsWith('[]')) return { type: 'array', items: fieldSchema(type.slice(2)) };
  switch (type) {
    case 'string':
      return { type: 'string' };
    case 'int':
      return { type: 'integer', format: 'int32' };
    case 'bool':
      return { type: 'boolean' };
    case 'map':
      return { type: 'object', additionalProperties: { type: 'string' } };
    case 'intOrString':
      return { type: 'string', format: 'int-or-string' };
    case 'any':
      return { type: 'object' };
    default:
      return { allOf: [{ $ref: `#/components/schemas/${type}` }], default: {} };
  }
}
