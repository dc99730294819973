/**
 * Field numbers of the messages that kubectl's create commands send as protobuf (generated.proto of
 * k8s.io/api core/v1 and apps/v1, and of k8s.io/apimachinery meta/v1).
 */

/** How a field is read. `zero` of a scalar: whether 0, false and "" are said on purpose. */
export type ProtobufField =
  | { readonly name: string; readonly type: 'text' | 'number' | 'flag'; readonly zero?: true }
  | { readonly name: string; readonly type: 'texts' | 'textMap' | 'intOrString' }
  | {
      readonly name: string;
      readonly type: 'message' | 'messages';
      readonly message: string;
    };

export type ProtobufMessage = Readonly<Record<number, ProtobufField>>;

const text = (name: string): ProtobufField => ({ name, type: 'text' });
const number = (name: string): ProtobufField => ({ name, type: 'number' });
const flag = (name: string): ProtobufField => ({ name, type: 'flag' });
const texts = (name: string): ProtobufField => ({ name, type: 'texts' });
const textMap = (name: string): ProtobufField => ({ name, type: 'textMap' });
const one = (name: string, message: string): ProtobufField => ({ name, type: 'message', message });
const many = (name: string, message: string): ProtobufField => ({
  name,
  type: 'messages',
  message,
});

/** Kinds whose protobuf is understood, by apiVersion and kind. */
export const PROTOBUF_KINDS: Readonly<Record<string, string>> = {
  'v1 Namespace': 'Namespace',
  'v1 Service': 'Service',
  'v1 ConfigMap': 'ConfigMap',
  'v1 ServiceAccount': 'ServiceAccount',
  'apps/v1 Deployment': 'Deployment',
};

export const PROTOBUF_MESSAGES: Readonly<Record<string, ProtobufMessage>> = {
  Namespace: { 1: one('metadata', 'ObjectMeta'), 2: one('spec', 'NamespaceSpec') },
  NamespaceSpec: { 1: texts('finalizers') },
  Service: { 1: one('metadata', 'ObjectMeta'), 2: one('spec', 'ServiceSpec') },
  ServiceSpec: {
    1: many('ports', 'ServicePort'),
    2: textMap('selector'),
    3: text('clusterIP'),
    4: text('type'),
    5: texts('externalIPs'),
    7: text('sessionAffinity'),
    8: text('loadBalancerIP'),
    9: texts('loadBalancerSourceRanges'),
    10: text('externalName'),
    11: text('externalTrafficPolicy'),
    12: number('healthCheckNodePort'),
    13: flag('publishNotReadyAddresses'),
    17: text('ipFamilyPolicy'),
    18: texts('clusterIPs'),
    19: texts('ipFamilies'),
    20: { name: 'allocateLoadBalancerNodePorts', type: 'flag', zero: true },
    21: text('loadBalancerClass'),
    22: text('internalTrafficPolicy'),
    23: text('trafficDistribution'),
  },
  ServicePort: {
    1: text('name'),
    2: text('protocol'),
    3: number('port'),
    4: { name: 'targetPort', type: 'intOrString' },
    5: number('nodePort'),
    6: text('appProtocol'),
  },
  ConfigMap: { 1: one('metadata', 'ObjectMeta'), 2: textMap('data'), 4: flag('immutable') },
  ServiceAccount: { 1: one('metadata', 'ObjectMeta') },
  Deployment: { 1: one('metadata', 'ObjectMeta'), 2: one('spec', 'DeploymentSpec') },
  DeploymentSpec: {
    1: { name: 'replicas', type: 'number', zero: true },
    2: one('selector', 'LabelSelector'),
    3: one('template', 'PodTemplateSpec'),
  },
  LabelSelector: { 1: textMap('matchLabels') },
  PodTemplateSpec: { 1: one('metadata', 'ObjectMeta'), 2: one('spec', 'PodSpec') },
  PodSpec: { 2: many('containers', 'Container'), 3: text('restartPolicy') },
  Container: {
    1: text('name'),
    2: text('image'),
    3: texts('command'),
    4: texts('args'),
    6: many('ports', 'ContainerPort'),
  },
  ContainerPort: { 1: text('name'), 3: number('containerPort'), 4: text('protocol') },
  ObjectMeta: {
    1: text('name'),
    2: text('generateName'),
    3: text('namespace'),
    5: text('uid'),
    6: text('resourceVersion'),
    11: textMap('labels'),
    12: textMap('annotations'),
    14: texts('finalizers'),
  },
};
