/** Defaults of a Service, and what an update carries over from the object before (Kubernetes API reference, Service v1). */
import {
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  openObject,
  sameJson,
  textAt,
  textsAt,
} from './json.js';
import {
  externallyAccessible,
  needsHealthCheck,
  needsNodePort,
  serviceType,
} from './service-fields.js';

/** `service.spec.sessionAffinityConfig.clientIP.timeoutSeconds`: three hours. */
const CLIENT_IP_AFFINITY_SECONDS = 10_800;

/** Fills what the object leaves out, in place. */
export function applyServiceDefaults(service: JsonObject): void {
  const spec = openObject(service, 'spec');
  spec['type'] ??= 'ClusterIP';
  if (spec['type'] === '') spec['type'] = 'ClusterIP';
  applyAffinityDefaults(spec);
  for (const port of objectsAt(spec, 'ports')) {
    if (textAt(port, 'protocol') === '') port['protocol'] = 'TCP';
    const target = port['targetPort'];
    if (target === undefined || target === 0 || target === '') {
      port['targetPort'] = numberAt(port, 'port');
    }
  }
  const type = textAt(spec, 'type');
  if (externallyAccessible(service) && textAt(spec, 'externalTrafficPolicy') === '') {
    spec['externalTrafficPolicy'] = 'Cluster';
  }
  if (type !== 'ExternalName') spec['internalTrafficPolicy'] ??= 'Cluster';
  if (type === 'LoadBalancer') {
    spec['allocateLoadBalancerNodePorts'] ??= true;
    for (const ingress of objectsAt(service, 'status', 'loadBalancer', 'ingress')) {
      if (textAt(ingress, 'ip') !== '') ingress['ipMode'] ??= 'VIP';
    }
  }
}

function applyAffinityDefaults(spec: JsonObject): void {
  if (textAt(spec, 'sessionAffinity') === '') spec['sessionAffinity'] = 'None';
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
  else if (
    spec['sessionAffinity'] === 'ClientIP' &&
    numberAt(spec, 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds') === 0
  ) {
    const timeoutSeconds = CLIENT_IP_AFFINITY_SECONDS;
    spec['sessionAffinityConfig'] = { clientIP: { timeoutSeconds } };
  }
}

/** Keeps `clusterIP` and `clusterIPs` one: users may manage either. */
export function alignClusterIPs(service: JsonObject, before: JsonObject | undefined): void {
  const spec = openObject(service, 'spec');
  const clusterIP = textAt(spec, 'clusterIP');
  const clusterIPs = textsAt(spec, 'clusterIPs');
  if (before === undefined) {
    // Only the singular field was set, or the plural one without it.
    if (clusterIP !== '' && clusterIPs.length === 0) spec['clusterIPs'] = [clusterIP];
    return;
  }
  const old = textAt(before, 'spec', 'clusterIP');
  const sameList = sameJson(clusterIPs, textsAt(before, 'spec', 'clusterIPs'));
  if (clusterIP === old || !sameList) return;
  if (clusterIP === '') delete spec['clusterIPs'];
  else spec['clusterIPs'] = [clusterIP];
}

/** At an update: what was allocated stays when the writer leaves it out. */
export function keepAllocated(service: JsonObject, before: JsonObject): void {
  const spec = openObject(service, 'spec');
  const old = objectAt(before, 'spec');
  const addressed = (object: JsonObject): boolean => serviceType(object) !== 'ExternalName';
  if (addressed(before) && addressed(service)) {
    if (textAt(spec, 'clusterIP') === '' && old['clusterIP'] !== undefined) {
      spec['clusterIP'] = old['clusterIP'];
    }
    if (textsAt(spec, 'clusterIPs').length === 0 && old['clusterIPs'] !== undefined) {
      spec['clusterIPs'] = structuredClone(old['clusterIPs']);
    }
  }
  if (needsNodePort(before) && needsNodePort(service)) keepNodePorts(spec, old);
  if (needsHealthCheck(before) && needsHealthCheck(service)) {
    if (numberAt(spec, 'healthCheckNodePort') === 0 && old['healthCheckNodePort'] !== undefined) {
      spec['healthCheckNodePort'] = old['healthCheckNodePort'];
    }
  }
}

function keepNodePorts(spec: JsonObject, old: JsonObject): void {
  const taken = new Set(objectsAt(spec, 'ports').map((port) => numberAt(port, 'nodePort')));
  for (const port of objectsAt(spec, 'ports')) {
    if (numberAt(port, 'nodePort') !== 0) continue;
    // By name: number and protocol may be what the writer changes.
    const before = objectsAt(old, 'ports').find(
      (candidate) => textAt(candidate, 'name') === textAt(port, 'name'),
    );
    const nodePort = numberAt(before, 'nodePort');
    if (nodePort !== 0 && !taken.has(nodePort)) port['nodePort'] = nodePort;
  }
}

/** At a change of type: fields that lost their meaning and were not touched by the writer. */
export function dropTypeDependentFields(service: JsonObject, before: JsonObject): void {
  const spec = openObject(service, 'spec');
  const old = objectAt(before, 'spec');
  const untouched = (field: string): boolean => sameJson(spec[field], old[field]);
  if (serviceType(before) !== 'ExternalName' && serviceType(service) === 'ExternalName') {
    if (untouched('clusterIP') && untouched('clusterIPs')) {
      delete spec['clusterIP'];
      delete spec['clusterIPs'];
    }
    if (untouched('ipFamilies')) delete spec['ipFamilies'];
    if (untouched('ipFamilyPolicy')) delete spec['ipFamilyPolicy'];
    delete spec['internalTrafficPolicy'];
  }
  if (needsNodePort(before) && !needsNodePort(service)) dropNodePorts(spec, old);
  if (needsHealthCheck(before) && !needsHealthCheck(service) && untouched('healthCheckNodePort')) {
    delete spec['healthCheckNodePort'];
  }
  if (serviceType(before) === 'LoadBalancer' && serviceType(service) !== 'LoadBalancer') {
    for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass']) {
      if (untouched(field)) delete spec[field];
    }
  }
  if (externallyAccessible(before) && !externallyAccessible(service)) {
    if (untouched('externalTrafficPolicy')) delete spec['externalTrafficPolicy'];
  }
  if (serviceType(service) !== 'LoadBalancer') service['status'] = { loadBalancer: {} };
}

function dropNodePorts(spec: JsonObject, old: JsonObject): void {
  const before = new Set(objectsAt(old, 'ports').map((port) => numberAt(port, 'nodePort')));
  const ports = objectsAt(spec, 'ports');
  const sameOnes = ports.every((port) => {
    const nodePort = numberAt(port, 'nodePort');
    return nodePort === 0 || before.has(nodePort);
  });
  if (sameOnes) for (const port of ports) delete port['nodePort'];
}
