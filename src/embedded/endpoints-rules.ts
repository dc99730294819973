/** Defaults and checks of Endpoints and EndpointSlices. */
import {
  duplicateValue,
  type FieldFault,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from './field-fault.js';
import { type JsonObject, numberAt, objectsAt, textAt, textsAt } from './json.js';
import {
  addressFamily,
  dnsLabel,
  dnsSubdomain,
  endpointAddress,
  portNumber,
} from './name-rules.js';
import { PROTOCOLS } from './service-rules.js';

export function applyEndpointsDefaults(endpoints: JsonObject): void {
  for (const subset of objectsAt(endpoints, 'subsets')) {
    for (const port of objectsAt(subset, 'ports')) port['protocol'] ??= 'TCP';
  }
}

export function validateEndpoints(endpoints: JsonObject): FieldFault[] {
  return objectsAt(endpoints, 'subsets').flatMap((subset, index) =>
    validateSubset(subset, `subsets[${index}]`),
  );
}

function validateSubset(subset: JsonObject, field: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const ports = objectsAt(subset, 'ports');
  const lists = ['addresses', 'notReadyAddresses'];
  if (lists.every((list) => objectsAt(subset, list).length === 0)) {
    faults.push(requiredValue(field, 'must specify `addresses` or `notReadyAddresses`'));
  }
  for (const list of lists) {
    for (const [index, address] of objectsAt(subset, list).entries()) {
      faults.push(...validateAddress(address, `${field}.${list}[${index}]`));
    }
  }
  for (const [index, port] of ports.entries()) {
    const at = `${field}.ports[${index}]`;
    if (ports.length > 1 && textAt(port, 'name') === '') faults.push(requiredValue(`${at}.name`));
    faults.push(...validatePort(port, at));
  }
  return faults;
}

function validateAddress(address: JsonObject, field: string): FieldFault[] {
  const ip = textAt(address, 'ip');
  const hostname = textAt(address, 'hostname');
  return [
    ...endpointAddress(ip).map((text) => invalidValue(`${field}.ip`, ip, text)),
    ...(hostname === ''
      ? []
      : dnsLabel(hostname).map((text) => invalidValue(`${field}.hostname`, hostname, text))),
  ];
}

function validatePort(port: JsonObject, field: string): FieldFault[] {
  const name = textAt(port, 'name');
  const number = numberAt(port, 'port');
  const protocol = textAt(port, 'protocol');
  const faults: FieldFault[] = [];
  if (name !== '') {
    faults.push(...dnsLabel(name).map((text) => invalidValue(`${field}.name`, name, text)));
  }
  faults.push(...portNumber(number).map((text) => invalidValue(`${field}.port`, number, text)));
  if (!PROTOCOLS.includes(protocol)) {
    faults.push(unsupportedValue(`${field}.protocol`, protocol, PROTOCOLS));
  }
  return faults;
}

export function applyEndpointSliceDefaults(slice: JsonObject): void {
  for (const endpoint of objectsAt(slice, 'endpoints')) endpoint['conditions'] ??= {};
  for (const port of objectsAt(slice, 'ports')) {
    port['name'] ??= '';
    port['protocol'] ??= 'TCP';
  }
}

const ADDRESS_TYPES: readonly string[] = ['FQDN', 'IPv4', 'IPv6'];
const MAX_ENDPOINTS = 1000;
const MAX_PORTS = 20_000;

export function validateEndpointSlice(slice: JsonObject, before?: JsonObject): FieldFault[] {
  const type = textAt(slice, 'addressType');
  const endpoints = objectsAt(slice, 'endpoints');
  const ports = objectsAt(slice, 'ports');
  const faults: FieldFault[] = [];
  if (type === '') faults.push(requiredValue('addressType'));
  else if (!ADDRESS_TYPES.includes(type)) {
    faults.push(unsupportedValue('addressType', type, ADDRESS_TYPES));
  }
  if (before !== undefined && textAt(before, 'addressType') !== type) {
    faults.push(invalidValue('addressType', type, 'field is immutable'));
  }
  if (endpoints.length > MAX_ENDPOINTS) faults.push(tooMany('endpoints', MAX_ENDPOINTS));
  if (ports.length > MAX_PORTS) faults.push(tooMany('ports', MAX_PORTS));
  for (const [index, endpoint] of endpoints.entries()) {
    faults.push(...validateEndpoint(endpoint, type, `endpoints[${index}]`));
  }
  return [...faults, ...validateSlicePorts(ports)];
}

function tooMany(field: string, most: number): FieldFault {
  const message = `Too many: must have at most ${most} items`;
  return { field, reason: 'FieldValueTooMany', message };
}

function validateEndpoint(endpoint: JsonObject, type: string, field: string): FieldFault[] {
  const addresses = textsAt(endpoint, 'addresses');
  const hostname = textAt(endpoint, 'hostname');
  const faults: FieldFault[] = [];
  if (addresses.length === 0) {
    faults.push(requiredValue(`${field}.addresses`, 'must contain at least 1 address'));
  }
  for (const [index, address] of addresses.entries()) {
    faults.push(...validateSliceAddress(address, type, `${field}.addresses`, index));
  }
  if (hostname !== '') {
    faults.push(
      ...dnsLabel(hostname).map((text) => invalidValue(`${field}.hostname`, hostname, text)),
    );
  }
  return faults;
}

function validateSliceAddress(
  address: string,
  type: string,
  list: string,
  index: number,
): FieldFault[] {
  const field = `${list}[${index}]`;
  if (type === 'FQDN') {
    return dnsSubdomain(address).map((text) => invalidValue(field, address, text));
  }
  const wrong = endpointAddress(address);
  if (wrong.length > 0) return wrong.map((text) => invalidValue(field, address, text));
  return type !== '' && addressFamily(address) !== type
    ? [invalidValue(list, address, `must be an ${type} address`)]
    : [];
}

function validateSlicePorts(ports: readonly JsonObject[]): FieldFault[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const name = textAt(port, 'name');
    const field = `ports[${index}]`;
    const faults = names.has(name) ? [duplicateValue(`${field}.name`, name)] : [];
    names.add(name);
    // A port of a slice may be left out: any port.
    if (port['port'] !== undefined && port['port'] !== null) {
      faults.push(...validatePort(port, field));
    }
    return faults;
  });
}
