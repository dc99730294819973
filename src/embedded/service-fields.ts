/** Questions about a Service that defaults, checks, allocation and controllers share. */
import { type JsonObject, numberAt, objectsAt, textAt, textMapAt, textsAt } from './json.js';

export const NO_CLUSTER_IP = 'None';

export function serviceType(service: JsonObject): string {
  return textAt(service, 'spec', 'type');
}

/** `clusterIP: None`. */
export function isHeadless(service: JsonObject): boolean {
  return (
    textsAt(service, 'spec', 'clusterIPs')[0] === NO_CLUSTER_IP ||
    textAt(service, 'spec', 'clusterIP') === NO_CLUSTER_IP
  );
}

export function hasSelector(service: JsonObject): boolean {
  return Object.keys(textMapAt(service, 'spec', 'selector')).length > 0;
}

/** Cluster IPs that were allocated: without "None" and of none for an ExternalName. */
export function allocatedAddresses(service: JsonObject): string[] {
  if (serviceType(service) === 'ExternalName') return [];
  return textsAt(service, 'spec', 'clusterIPs').filter((ip) => ip !== NO_CLUSTER_IP && ip !== '');
}

export function allocatedNodePorts(service: JsonObject): number[] {
  const ports = objectsAt(service, 'spec', 'ports').map((port) => numberAt(port, 'nodePort'));
  return [...ports, numberAt(service, 'spec', 'healthCheckNodePort')].filter((port) => port !== 0);
}

/** Whether `healthCheckNodePort` has a meaning. */
export function needsHealthCheck(service: JsonObject): boolean {
  return (
    serviceType(service) === 'LoadBalancer' &&
    textAt(service, 'spec', 'externalTrafficPolicy') === 'Local'
  );
}

/** Reachable from outside: by node ports, a load balancer or external IPs. */
export function externallyAccessible(service: JsonObject): boolean {
  const type = serviceType(service);
  if (type === 'NodePort' || type === 'LoadBalancer') return true;
  return type === 'ClusterIP' && textsAt(service, 'spec', 'externalIPs').length > 0;
}

export function needsNodePort(service: JsonObject): boolean {
  const type = serviceType(service);
  return type === 'NodePort' || type === 'LoadBalancer';
}
