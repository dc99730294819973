/** Which endpoints a Service's selector gives, pod by pod: ports resolved, readiness judged (pure). */
import {
  flagAt,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  textMapAt,
  textsAt,
} from './json.js';
import { matchesPairs } from './label-selector.js';
import { addressFamily } from './name-rules.js';
import { isTerminating, nameOf, namespaceOf } from './object-identity.js';
import { isHeadless } from './service-fields.js';

/** A port of an endpoint: the number on the pod. */
export interface ResolvedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol: string;
}

/** One pod as an endpoint of one Service. */
export interface PodEndpoint {
  readonly pod: JsonObject;
  /** Sorted by nothing but the Service's own order. */
  readonly ports: readonly ResolvedPort[];
  readonly hostname: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** Whether the pod's Ready condition is true. */
export function isPodReady(pod: JsonObject): boolean {
  return objectsAt(pod, 'status', 'conditions').some(
    (condition) => condition['type'] === 'Ready' && condition['status'] === 'True',
  );
}

/** The pod's address of a family, empty when it has none. */
export function podAddress(pod: JsonObject, family: string): string {
  const all = objectsAt(pod, 'status', 'podIPs').map((entry) => textAt(entry, 'ip'));
  if (all.length === 0) all.push(textAt(pod, 'status', 'podIP'));
  return all.find((ip) => addressFamily(ip) === family) ?? '';
}

/** The pods that a Service selects and that have an address, with what the Service makes of them. */
export function selectEndpoints(
  service: JsonObject,
  pods: readonly JsonObject[],
): readonly PodEndpoint[] {
  const selector = textMapAt(service, 'spec', 'selector');
  return pods
    .filter((pod) => matchesPairs(selector, textMapAt(pod, 'metadata', 'labels')))
    .filter((pod) => !['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase')))
    .filter((pod) => textAt(pod, 'status', 'podIP') !== '')
    .map((pod) => toEndpoint(service, pod));
}

function toEndpoint(service: JsonObject, pod: JsonObject): PodEndpoint {
  const serving = isPodReady(pod);
  const terminating = isTerminating(pod);
  const publishAll = flagAt(service, 'spec', 'publishNotReadyAddresses');
  // Kubernetes "Pods: hostname and subdomain": only where the subdomain names this very Service
  const named =
    textAt(pod, 'spec', 'subdomain') === nameOf(service) &&
    namespaceOf(pod) === namespaceOf(service);
  return {
    pod,
    ports: resolvePorts(service, pod),
    hostname: named ? textAt(pod, 'spec', 'hostname') : '',
    ready: publishAll || (serving && !terminating),
    serving,
    terminating,
  };
}

/** A port of the Service whose target name the pod does not have is left out for that pod. */
function resolvePorts(service: JsonObject, pod: JsonObject): ResolvedPort[] {
  return objectsAt(service, 'spec', 'ports').flatMap((servicePort) => {
    const protocol = textAt(servicePort, 'protocol');
    const target = servicePort['targetPort'];
    const port =
      typeof target === 'string'
        ? findContainerPort(pod, target, protocol)
        : numberAt(servicePort, 'targetPort');
    const name = textAt(servicePort, 'name');
    const appProtocol = textAt(servicePort, 'appProtocol');
    return port === 0 ? [] : [{ name, port, protocol, appProtocol }];
  });
}

function findContainerPort(pod: JsonObject, name: string, protocol: string): number {
  for (const container of objectsAt(pod, 'spec', 'containers')) {
    for (const port of objectsAt(container, 'ports')) {
      if (port['name'] === name && port['protocol'] === protocol) {
        return numberAt(port, 'containerPort');
      }
    }
  }
  return 0;
}

/** Families for which slices are made: those of the Service. */
export function familiesOf(service: JsonObject): readonly string[] {
  const families = textsAt(service, 'spec', 'ipFamilies');
  return families.length === 0 ? ['IPv4'] : families;
}

/** A key that is the same for equal port sets. */
export function portSetKey(ports: readonly ResolvedPort[]): string {
  return ports
    .map(({ name, port, protocol, appProtocol }) => `${name}/${port}/${protocol}/${appProtocol}`)
    .toSorted()
    .join(',');
}

/** Labels that a Service's Endpoints and slices take over from it. */
export function inheritedLabels(service: JsonObject): JsonObject {
  return {
    ...objectAt(service, 'metadata', 'labels'),
    ...(isHeadless(service) ? { 'service.kubernetes.io/headless': '' } : {}),
  };
}

/** A reference from an endpoint to its pod. */
export function podReference(pod: JsonObject): JsonObject {
  return {
    kind: 'Pod',
    namespace: namespaceOf(pod),
    name: nameOf(pod),
    uid: textAt(pod, 'metadata', 'uid'),
  };
}
