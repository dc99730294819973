/**
 * The environment variables that a kubelet gives a container for the services that are there when it starts.
 *
 * Rules: "Discovering services" and "Environment variables" in the Services document, and what the
 * kubelet of 1.36 does (pkg/kubelet/envvars, getServiceEnvVarMap):
 *
 * ```
 * <SVC>_SERVICE_HOST=<ip>                      <SVC>_PORT=<proto>://<ip>:<port>
 * <SVC>_SERVICE_PORT=<first port>              <SVC>_PORT_<port>_<PROTO>=<proto>://<ip>:<port>
 * <SVC>_SERVICE_PORT_<NAME>=<port>             ... and the same with _PROTO, _PORT, _ADDR
 * ```
 */
import type { KubeService, ServicePort } from '../kube/objects.js';

/** One variable, and the service that it comes from. */
export interface ServiceVariable {
  readonly name: string;
  readonly value: string;
  /** `namespace/name` */
  readonly service: string;
  /** Services whose variables have the same name; a kubelet gives the value of any one of them. */
  readonly rivals: readonly string[];
}

/** What shapes the variables besides the services. */
export interface ServiceVariableOptions {
  readonly namespace: string;
  /** The pod's `enableServiceLinks`; false leaves only the service `kubernetes`. */
  readonly serviceLinks: boolean;
  /** Wall-clock milliseconds of the container's start; undefined: now. Later services are left out. */
  readonly startedAt?: number;
}

/** The API server's own service, in every container. */
const API_NAMESPACE = 'default';
const API_NAME = 'kubernetes';

/**
 * The variables of a container that starts in a namespace, in the order of {@link linkedServices} and
 * within a service in the kubelet's. Where two services lay claim to a name, the later one has it.
 */
export function serviceVariables(
  services: Iterable<KubeService>,
  options: ServiceVariableOptions,
): ServiceVariable[] {
  const byName = new Map<string, ServiceVariable>();
  for (const service of linkedServices(services, options)) {
    for (const [name, value] of variablesOf(service)) {
      const path = `${service.namespace}/${service.name}`;
      const before = byName.get(name);
      const rivals = before === undefined ? [] : [...before.rivals, before.service];
      // the place of the service that has the name
      byName.delete(name);
      byName.set(name, { name, value, service: path, rivals });
    }
  }
  return [...byName.values()];
}

/**
 * The services that a container gets variables for: those of its namespace with a cluster IP and
 * `kubernetes` of `default`, unless the namespace has one of that name itself.
 *
 * The kubelet goes through a map, so its order is by chance; here it is that of the names, so that two
 * runs can be compared.
 */
function linkedServices(
  services: Iterable<KubeService>,
  { namespace, serviceLinks, startedAt }: ServiceVariableOptions,
): KubeService[] {
  const byName = new Map<string, KubeService>();
  for (const service of services) {
    // headless and ExternalName services have none
    if (service.clusterIPs.length === 0 || service.ports.length === 0) continue;
    // creationTimestamp has whole seconds: a service of the same second counts as there
    if (startedAt !== undefined && service.createdAt > startedAt) continue;
    const isApi = service.namespace === API_NAMESPACE && service.name === API_NAME;
    if (isApi && !byName.has(API_NAME)) byName.set(API_NAME, service);
    else if (service.namespace === namespace && serviceLinks) byName.set(service.name, service);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function* variablesOf(service: KubeService): Iterable<readonly [string, string]> {
  const { ports } = service;
  const prefix = variableName(service.name);
  // a dual-stack service is linked by its first address only
  const [address = ''] = service.clusterIPs;
  yield [`${prefix}_SERVICE_HOST`, address];
  yield [`${prefix}_SERVICE_PORT`, String(ports[0]?.port)];
  for (const { name, port } of ports) {
    if (name !== '') yield [`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port)];
  }
  for (const [i, port] of ports.entries()) {
    // Docker links know one port without a number, the first
    if (i === 0) yield [`${prefix}_PORT`, urlOf(address, port)];
    const link = `${prefix}_PORT_${port.port}_${port.protocol}`;
    yield [link, urlOf(address, port)];
    yield [`${link}_PROTO`, port.protocol.toLowerCase()];
    yield [`${link}_PORT`, String(port.port)];
    yield [`${link}_ADDR`, address];
  }
}

function urlOf(address: string, { port, protocol }: ServicePort): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${protocol.toLowerCase()}://${host}:${port}`;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
