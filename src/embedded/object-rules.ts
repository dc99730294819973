/** What each kind asks of its objects: defaults, checks, and the status a new object starts with. */
import {
  applyEndpointSliceDefaults,
  applyEndpointsDefaults,
  validateEndpointSlice,
  validateEndpoints,
} from './endpoints-rules.js';
import { type FieldFault, invalidValue } from './field-fault.js';
import { type JsonObject, objectAt, openObject, textAt } from './json.js';
import { configKey } from './name-rules.js';
import { applyPodDefaults, validatePod } from './pod-rules.js';
import type { ResourceType } from './resource-type.js';
import { applyServiceDefaults } from './service-defaults.js';
import { validateService } from './service-rules.js';
import { applyWorkloadDefaults, validateWorkload } from './workload-rules.js';

export interface KindRules {
  /** Fills what is left out, in place. */
  applyDefaults(object: JsonObject): void;
  /** Faults beside those of `metadata`. */
  validate(object: JsonObject, before?: JsonObject): FieldFault[];
  /** What `status` is before any controller has seen the object; undefined: the kind has none. */
  initialStatus(): JsonObject | undefined;
  /** Whether `metadata.generation` counts the changes of `spec`. */
  readonly countsGenerations: boolean;
  /** Whether PUT makes an object that is not there. */
  readonly createsOnUpdate: boolean;
}

const PLAIN: KindRules = {
  applyDefaults: () => {},
  validate: () => [],
  initialStatus: () => undefined,
  countsGenerations: false,
  createsOnUpdate: false,
};

const WORKLOAD: KindRules = {
  ...PLAIN,
  applyDefaults: applyWorkloadDefaults,
  validate: validateWorkload,
  initialStatus: () => ({ replicas: 0 }),
  countsGenerations: true,
};

const RULES: Readonly<Record<string, KindRules>> = {
  Service: {
    ...PLAIN,
    applyDefaults: applyServiceDefaults,
    validate: validateService,
    initialStatus: () => ({ loadBalancer: {} }),
    createsOnUpdate: true,
  },
  Endpoints: {
    ...PLAIN,
    applyDefaults: applyEndpointsDefaults,
    validate: validateEndpoints,
    createsOnUpdate: true,
  },
  EndpointSlice: {
    ...PLAIN,
    applyDefaults: applyEndpointSliceDefaults,
    validate: validateEndpointSlice,
    countsGenerations: true,
  },
  Pod: {
    ...PLAIN,
    applyDefaults: applyPodDefaults,
    validate: validatePod,
    initialStatus: () => ({ phase: 'Pending', qosClass: 'BestEffort' }),
  },
  Namespace: {
    ...PLAIN,
    applyDefaults: applyNamespaceDefaults,
    initialStatus: () => ({ phase: 'Active' }),
  },
  Node: { ...PLAIN, initialStatus: () => ({}) },
  ConfigMap: { ...PLAIN, validate: validateConfigMap },
  Lease: { ...PLAIN, createsOnUpdate: true },
  Deployment: { ...WORKLOAD, initialStatus: () => ({}) },
  ReplicaSet: WORKLOAD,
  StatefulSet: { ...WORKLOAD, initialStatus: () => ({ replicas: 0, availableReplicas: 0 }) },
};

export function rulesOf(type: ResourceType): KindRules {
  return RULES[type.kind] ?? PLAIN;
}

function applyNamespaceDefaults(namespace: JsonObject): void {
  const labels = openObject(openObject(namespace, 'metadata'), 'labels');
  labels['kubernetes.io/metadata.name'] = textAt(namespace, 'metadata', 'name');
  openObject(namespace, 'spec')['finalizers'] ??= ['kubernetes'];
}

function validateConfigMap(object: JsonObject): FieldFault[] {
  return ['data', 'binaryData'].flatMap((field) =>
    Object.keys(objectAt(object, field)).flatMap((key) =>
      configKey(key).map((text) => invalidValue(`${field}[${key}]`, key, text)),
    ),
  );
}
