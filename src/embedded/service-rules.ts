/** Checks of a Service, with the wording of the API server (pkg/apis/core/validation). */
import {
  duplicateValue,
  type FieldFault,
  forbiddenField,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from './field-fault.js';
import {
  at,
  type Json,
  type JsonObject,
  numberAt,
  objectsAt,
  textAt,
  textMapAt,
  textsAt,
} from './json.js';
import { validateLabelPairs } from './metadata-rules.js';
import {
  addressFamily,
  dnsLabel,
  dnsSubdomain,
  endpointAddress,
  portName,
  portNumber,
  qualifiedName,
} from './name-rules.js';
import { validateClusterIPs, validateClusterIPUpdate } from './service-address-rules.js';
import {
  externallyAccessible,
  hasSelector,
  isHeadless,
  needsHealthCheck,
  serviceType,
} from './service-fields.js';

export const PROTOCOLS: readonly string[] = ['SCTP', 'TCP', 'UDP'];

/** Every fault of a service after defaults and allocation. */
export function validateService(service: JsonObject, before?: JsonObject): FieldFault[] {
  return [
    ...(before === undefined ? [] : validateClusterIPUpdate(service, before)),
    ...validateTypeFields(service),
    ...validatePorts(service),
    ...(hasSelector(service)
      ? validateLabelPairs(textMapAt(service, 'spec', 'selector'), 'spec.selector')
      : []),
    ...validateAffinity(service),
    ...validateClusterIPs(service),
    ...validateExternalIPs(service),
    ...validateServiceType(service),
    ...validateLoadBalancer(service),
    ...validateTrafficPolicies(service),
  ];
}

function validateTypeFields(service: JsonObject): FieldFault[] {
  const type = serviceType(service);
  const faults: FieldFault[] = [];
  if (
    objectsAt(service, 'spec', 'ports').length === 0 &&
    !isHeadless(service) &&
    type !== 'ExternalName'
  ) {
    faults.push(requiredValue('spec.ports'));
  }
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(service)) {
    const detail = `may not be set to 'None' for ${type} services`;
    faults.push(invalidValue('spec.clusterIPs[0]', 'None', detail));
  }
  if (type === 'ExternalName') faults.push(...validateExternalName(service));
  return faults;
}

function validateExternalName(service: JsonObject): FieldFault[] {
  const detail = 'may not be set for ExternalName services';
  const faults: FieldFault[] = [];
  if (textsAt(service, 'spec', 'clusterIPs').length > 0) {
    faults.push(forbiddenField('spec.clusterIPs', detail));
  }
  if (textsAt(service, 'spec', 'ipFamilies').length > 0) {
    faults.push(forbiddenField('spec.ipFamilies', detail));
  }
  if (textAt(service, 'spec', 'ipFamilyPolicy') !== '') {
    faults.push(forbiddenField('spec.ipFamilyPolicy', detail));
  }
  // A final dot marks the name as complete.
  const name = textAt(service, 'spec', 'externalName').replace(/\.$/, '');
  if (name === '') faults.push(requiredValue('spec.externalName'));
  else {
    faults.push(...dnsSubdomain(name).map((text) => invalidValue('spec.externalName', name, text)));
  }
  return faults;
}

function validatePorts(service: JsonObject): FieldFault[] {
  const ports = objectsAt(service, 'spec', 'ports');
  const names = new Set<string>();
  const faults: FieldFault[] = [];
  for (const [index, port] of ports.entries()) {
    const field = `spec.ports[${index}]`;
    faults.push(...validatePortName(port, field, ports.length > 1, names));
    faults.push(...validatePort(port, field));
  }
  return [...faults, ...validatePortRepeats(service, ports)];
}

function validatePortName(
  port: JsonObject,
  field: string,
  required: boolean,
  names: Set<string>,
): FieldFault[] {
  const name = textAt(port, 'name');
  if (name === '') return required ? [requiredValue(`${field}.name`)] : [];
  const faults = dnsLabel(name).map((text) => invalidValue(`${field}.name`, name, text));
  if (names.has(name)) faults.push(duplicateValue(`${field}.name`, name));
  names.add(name);
  return faults;
}

function validatePort(port: JsonObject, field: string): FieldFault[] {
  const number = numberAt(port, 'port');
  const protocol = textAt(port, 'protocol');
  const appProtocol = textAt(port, 'appProtocol');
  const faults = portNumber(number).map((text) => invalidValue(`${field}.port`, number, text));
  if (!PROTOCOLS.includes(protocol)) {
    faults.push(unsupportedValue(`${field}.protocol`, protocol, PROTOCOLS));
  }
  faults.push(...validateTargetPort(port['targetPort'], `${field}.targetPort`));
  if (appProtocol !== '') {
    faults.push(
      ...qualifiedName(appProtocol).map((text) =>
        invalidValue(`${field}.appProtocol`, appProtocol, text),
      ),
    );
  }
  return faults;
}

function validateTargetPort(target: Json | undefined, field: string): FieldFault[] {
  const texts =
    typeof target === 'string'
      ? portName(target)
      : portNumber(typeof target === 'number' ? target : 0);
  return texts.map((text) => invalidValue(field, target, text));
}

function validatePortRepeats(service: JsonObject, ports: readonly JsonObject[]): FieldFault[] {
  const faults: FieldFault[] = [];
  const seen = new Set<string>();
  const seenNodePorts = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const field = `spec.ports[${index}]`;
    const protocol = textAt(port, 'protocol');
    const nodePort = numberAt(port, 'nodePort');
    if (nodePort !== 0) {
      if (serviceType(service) === 'ClusterIP') {
        const detail = "may not be used when `type` is 'ClusterIP'";
        faults.push(forbiddenField(`${field}.nodePort`, detail));
      }
      const key = `${protocol} ${nodePort}`;
      if (seenNodePorts.has(key)) faults.push(duplicateValue(`${field}.nodePort`, nodePort));
      seenNodePorts.add(key);
    }
    const key = `${protocol} ${numberAt(port, 'port')}`;
    if (seen.has(key)) faults.push(duplicateValue(field, portKey(port)));
    seen.add(key);
  }
  return faults;
}

/** The API server shows its own struct, of which only protocol and number are compared. */
function portKey(port: JsonObject): JsonObject {
  return {
    Name: '',
    Protocol: textAt(port, 'protocol'),
    AppProtocol: null,
    Port: numberAt(port, 'port'),
    TargetPort: 0,
    NodePort: 0,
  };
}

function validateAffinity(service: JsonObject): FieldFault[] {
  const affinity = textAt(service, 'spec', 'sessionAffinity');
  if (affinity !== 'None' && affinity !== 'ClientIP') {
    return [unsupportedValue('spec.sessionAffinity', affinity, ['ClientIP', 'None'])];
  }
  if (affinity === 'None') return [];
  const path = ['spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds'] as const;
  const seconds = numberAt(service, ...path);
  return seconds > 0 && seconds <= 86_400
    ? []
    : [invalidValue(path.join('.'), seconds, 'must be greater than 0 and less than 86400')];
}

function validateExternalIPs(service: JsonObject): FieldFault[] {
  return textsAt(service, 'spec', 'externalIPs').flatMap((ip, index) =>
    endpointAddress(ip).map((text) => invalidValue(`spec.externalIPs[${index}]`, ip, text)),
  );
}

const TYPES: readonly string[] = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function validateServiceType(service: JsonObject): FieldFault[] {
  const type = serviceType(service);
  return TYPES.includes(type) ? [] : [unsupportedValue('spec.type', type, TYPES)];
}

function validateLoadBalancer(service: JsonObject): FieldFault[] {
  const faults: FieldFault[] = [];
  const only = "may only be used when `type` is 'LoadBalancer'";
  if (serviceType(service) !== 'LoadBalancer') {
    if (textsAt(service, 'spec', 'loadBalancerSourceRanges').length > 0) {
      faults.push(forbiddenField('spec.LoadBalancerSourceRanges', only));
    }
    if (at(service, 'spec', 'allocateLoadBalancerNodePorts') !== undefined) {
      faults.push(forbiddenField('spec.allocateLoadBalancerNodePorts', only));
    }
    if (textAt(service, 'spec', 'loadBalancerClass') !== '') {
      faults.push(forbiddenField('spec.loadBalancerClass', only));
    }
  }
  for (const [index, ingress] of objectsAt(
    service,
    'status',
    'loadBalancer',
    'ingress',
  ).entries()) {
    const field = `status.loadBalancer.ingress[${index}]`;
    const ip = textAt(ingress, 'ip');
    if (ip !== '' && addressFamily(ip) === undefined) {
      const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
      faults.push(invalidValue(`${field}.ip`, ip, detail));
    }
    const hostname = textAt(ingress, 'hostname');
    if (hostname !== '' && addressFamily(hostname) !== undefined) {
      faults.push(
        invalidValue(`${field}.hostname`, hostname, 'must be a DNS name, not an IP address'),
      );
    }
  }
  return faults;
}

function validateTrafficPolicies(service: JsonObject): FieldFault[] {
  const faults: FieldFault[] = [];
  const policies: readonly string[] = ['Cluster', 'Local'];
  const external = textAt(service, 'spec', 'externalTrafficPolicy');
  if (!externallyAccessible(service)) {
    if (external !== '') {
      const detail = 'may only be set for externally-accessible services';
      faults.push(invalidValue('spec.externalTrafficPolicy', external, detail));
    }
  } else if (!policies.includes(external)) {
    faults.push(unsupportedValue('spec.externalTrafficPolicy', external, policies));
  }
  const healthPort = numberAt(service, 'spec', 'healthCheckNodePort');
  if (!needsHealthCheck(service) && healthPort !== 0) {
    const detail =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    faults.push(invalidValue('spec.healthCheckNodePort', healthPort, detail));
  }
  const internal = textAt(service, 'spec', 'internalTrafficPolicy');
  if (internal !== '' && !policies.includes(internal)) {
    faults.push(unsupportedValue('spec.internalTrafficPolicy', internal, policies));
  }
  return faults;
}
