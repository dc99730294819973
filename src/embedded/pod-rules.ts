/** Defaults and checks of Pods and pod templates: the part that names, ports and readiness hang on. */
import {
  duplicateValue,
  type FieldFault,
  forbiddenField,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from './field-fault.js';
import {
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  openObject,
  sameJson,
  textAt,
} from './json.js';
import { dnsLabel, portName, portNumber } from './name-rules.js';
import { PROTOCOLS } from './service-rules.js';

/** Fills a pod spec in place. */
export function applyPodSpecDefaults(spec: JsonObject): void {
  spec['restartPolicy'] ??= 'Always';
  spec['terminationGracePeriodSeconds'] ??= 30;
  spec['dnsPolicy'] ??= 'ClusterFirst';
  spec['securityContext'] ??= {};
  spec['schedulerName'] ??= 'default-scheduler';
  for (const container of [
    ...objectsAt(spec, 'containers'),
    ...objectsAt(spec, 'initContainers'),
  ]) {
    const image = textAt(container, 'image');
    const latest =
      !/[:@]/.test(image.slice(image.lastIndexOf('/') + 1)) || image.endsWith(':latest');
    container['imagePullPolicy'] ??= latest ? 'Always' : 'IfNotPresent';
    container['resources'] ??= {};
    container['terminationMessagePath'] ??= '/dev/termination-log';
    container['terminationMessagePolicy'] ??= 'File';
    for (const port of objectsAt(container, 'ports')) port['protocol'] ??= 'TCP';
  }
}

/** Fills a Pod in place. */
export function applyPodDefaults(pod: JsonObject): void {
  const spec = openObject(pod, 'spec');
  applyPodSpecDefaults(spec);
  spec['serviceAccountName'] ??= 'default';
  spec['enableServiceLinks'] ??= true;
}

/** Every fault of a Pod; an update may change little of its spec. */
export function validatePod(pod: JsonObject, before?: JsonObject): FieldFault[] {
  const faults = validatePodSpec(objectAt(pod, 'spec'), 'spec');
  if (before !== undefined && !sameJson(fixedPart(pod), fixedPart(before))) {
    faults.push(
      forbiddenField(
        'spec',
        'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
      ),
    );
  }
  return faults;
}

function fixedPart(pod: JsonObject): JsonObject {
  const {
    activeDeadlineSeconds: _deadline,
    tolerations: _tolerations,
    terminationGracePeriodSeconds: _grace,
    // The scheduler writes it.
    nodeName: _node,
    ...spec
  } = objectAt(pod, 'spec');
  for (const field of ['containers', 'initContainers']) {
    spec[field] = objectsAt(pod, 'spec', field).map(({ image: _image, ...container }) => container);
  }
  return spec;
}

/** Faults of a pod spec or a template's spec under `field`. */
export function validatePodSpec(spec: JsonObject, field: string): FieldFault[] {
  const containers = objectsAt(spec, 'containers');
  const faults: FieldFault[] = [];
  if (containers.length === 0) faults.push(requiredValue(`${field}.containers`));
  for (const name of ['hostname', 'subdomain']) {
    const value = textAt(spec, name);
    if (value === '') continue;
    faults.push(...dnsLabel(value).map((text) => invalidValue(`${field}.${name}`, value, text)));
  }
  const names = new Set<string>();
  const portNames = new Set<string>();
  for (const [index, container] of containers.entries()) {
    faults.push(...validateContainer(container, `${field}.containers[${index}]`, names, portNames));
  }
  return faults;
}

function validateContainer(
  container: JsonObject,
  field: string,
  names: Set<string>,
  portNames: Set<string>,
): FieldFault[] {
  const name = textAt(container, 'name');
  const faults: FieldFault[] = [];
  if (name === '') faults.push(requiredValue(`${field}.name`));
  else faults.push(...dnsLabel(name).map((text) => invalidValue(`${field}.name`, name, text)));
  if (names.has(name)) faults.push(duplicateValue(`${field}.name`, name));
  names.add(name);
  if (textAt(container, 'image') === '') faults.push(requiredValue(`${field}.image`));
  for (const [index, port] of objectsAt(container, 'ports').entries()) {
    faults.push(...validateContainerPort(port, `${field}.ports[${index}]`, portNames));
  }
  return faults;
}

function validateContainerPort(
  port: JsonObject,
  field: string,
  portNames: Set<string>,
): FieldFault[] {
  const name = textAt(port, 'name');
  const number = numberAt(port, 'containerPort');
  const protocol = textAt(port, 'protocol');
  const faults: FieldFault[] = [];
  if (name !== '') {
    faults.push(...portName(name).map((text) => invalidValue(`${field}.name`, name, text)));
    if (portNames.has(name)) faults.push(duplicateValue(`${field}.name`, name));
    portNames.add(name);
  }
  if (number === 0) faults.push(requiredValue(`${field}.containerPort`));
  else {
    faults.push(
      ...portNumber(number).map((text) => invalidValue(`${field}.containerPort`, number, text)),
    );
  }
  if (!PROTOCOLS.includes(protocol)) {
    faults.push(unsupportedValue(`${field}.protocol`, protocol, PROTOCOLS));
  }
  return faults;
}
