/** The columns that `kubectl get` shows of each kind (pkg/printers/internalversion of the API server). */
import { humanDuration } from './duration-text.js';
import {
  type Json,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  textMapAt,
  textsAt,
} from './json.js';
import { formatLabelSelector, parseObjectSelector } from './label-selector.js';
import { isTerminating, nameOf } from './object-identity.js';
import { serviceType } from './service-fields.js';

/** One column; `wide` ones only show up with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer';
  readonly wide: boolean;
  /** @param now wall-clock milliseconds, for ages */
  cell(object: JsonObject, now: number): Json;
}

type Cell = Column['cell'];

const NONE = '<none>';

function column(name: string, cell: Cell, type: Column['type'] = 'string'): Column {
  return { name, type, wide: false, cell };
}

function wide(name: string, cell: Cell): Column {
  return { name, type: 'string', wide: true, cell };
}

const NAME = column('Name', nameOf);
const AGE = column('Age', (object, now) => {
  const created = Date.parse(textAt(object, 'metadata', 'creationTimestamp'));
  return Number.isNaN(created) ? '<unknown>' : humanDuration(now - created);
});

const CONTAINERS = wide('Containers', (object) => containerTexts(object, 'name'));
const IMAGES = wide('Images', (object) => containerTexts(object, 'image'));
const SELECTOR = wide('Selector', (object) =>
  formatLabelSelector(parseObjectSelector(objectAt(object, 'spec', 'selector'))),
);

function containerTexts(object: JsonObject, field: string): string {
  return objectsAt(object, 'spec', 'template', 'spec', 'containers')
    .map((container) => textAt(container, field))
    .join(',');
}

function replicas(field: string): Cell {
  return (object) => numberAt(object, 'status', field);
}

function outOf(object: JsonObject): string {
  return `${numberAt(object, 'status', 'readyReplicas')}/${numberAt(object, 'spec', 'replicas')}`;
}

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Namespace: [NAME, column('Status', (object) => textAt(object, 'status', 'phase')), AGE],
  Service: [
    NAME,
    column('Type', serviceType),
    column('Cluster-IP', (object) => textsAt(object, 'spec', 'clusterIPs')[0] ?? NONE),
    column('External-IP', externalIP),
    column('Port(s)', servicePorts),
    AGE,
    wide('Selector', (object) => formatPairs(textMapAt(object, 'spec', 'selector'))),
  ],
  Endpoints: [NAME, column('Endpoints', endpointsText), AGE],
  EndpointSlice: [
    NAME,
    column('AddressType', (object) => textAt(object, 'addressType')),
    column('Ports', (object) =>
      firstThree(
        objectsAt(object, 'ports').map((port) => String(port['port'] ?? textAt(port, 'name'))),
        '<unset>',
      ),
    ),
    column('Endpoints', (object) =>
      firstThree(
        objectsAt(object, 'endpoints').flatMap((entry) => textsAt(entry, 'addresses')),
        '<unset>',
      ),
    ),
    AGE,
  ],
  Pod: [
    NAME,
    column('Ready', (pod) => {
      const statuses = objectsAt(pod, 'status', 'containerStatuses');
      const ready = statuses.filter((status) => status['ready'] === true).length;
      return `${ready}/${objectsAt(pod, 'spec', 'containers').length}`;
    }),
    column('Status', (pod) =>
      isTerminating(pod) ? 'Terminating' : textAt(pod, 'status', 'phase'),
    ),
    column('Restarts', () => '0'),
    AGE,
    wide('IP', (pod) => textAt(pod, 'status', 'podIP') || NONE),
    wide('Node', (pod) => textAt(pod, 'spec', 'nodeName') || NONE),
    wide('Nominated Node', () => NONE),
    wide('Readiness Gates', () => NONE),
  ],
  Node: [
    NAME,
    column('Status', nodeStatus),
    column('Roles', () => NONE),
    AGE,
    column('Version', (node) => textAt(node, 'status', 'nodeInfo', 'kubeletVersion')),
    wide('Internal-IP', (node) => nodeAddress(node, 'InternalIP')),
    wide('External-IP', (node) => nodeAddress(node, 'ExternalIP')),
    wide('OS-Image', (node) => textAt(node, 'status', 'nodeInfo', 'osImage') || '<unknown>'),
    wide(
      'Kernel-Version',
      (node) => textAt(node, 'status', 'nodeInfo', 'kernelVersion') || '<unknown>',
    ),
    wide(
      'Container-Runtime',
      (node) => textAt(node, 'status', 'nodeInfo', 'containerRuntimeVersion') || '<unknown>',
    ),
  ],
  ConfigMap: [
    NAME,
    column('Data', (object) => Object.keys(objectAt(object, 'data')).length, 'integer'),
    AGE,
  ],
  ServiceAccount: [
    NAME,
    column('Secrets', (object) => objectsAt(object, 'secrets').length, 'integer'),
    AGE,
  ],
  Lease: [NAME, column('Holder', (object) => textAt(object, 'spec', 'holderIdentity')), AGE],
  Deployment: [
    NAME,
    column('Ready', outOf),
    column('Up-to-date', replicas('updatedReplicas'), 'integer'),
    column('Available', replicas('availableReplicas'), 'integer'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  ReplicaSet: [
    NAME,
    column('Desired', (object) => numberAt(object, 'spec', 'replicas'), 'integer'),
    column('Current', replicas('replicas'), 'integer'),
    column('Ready', replicas('readyReplicas'), 'integer'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  StatefulSet: [NAME, column('Ready', outOf), AGE, CONTAINERS, IMAGES],
};

/** The columns of a kind; name and age where it has none of its own. */
export function columnsOf(kind: string): readonly Column[] {
  return COLUMNS[kind] ?? [NAME, AGE];
}

function formatPairs(pairs: Readonly<Record<string, string>>): string {
  const texts = Object.entries(pairs).map(([key, value]) => `${key}=${value}`);
  return texts.length === 0 ? NONE : texts.toSorted().join(',');
}

function externalIP(service: JsonObject): string {
  const type = serviceType(service);
  if (type === 'ExternalName') return textAt(service, 'spec', 'externalName');
  const external = textsAt(service, 'spec', 'externalIPs');
  if (type !== 'LoadBalancer') return external.length === 0 ? NONE : external.join(',');
  const ingress = objectsAt(service, 'status', 'loadBalancer', 'ingress').map(
    (entry) => textAt(entry, 'ip') || textAt(entry, 'hostname'),
  );
  const all = [...ingress, ...external];
  return all.length === 0 ? '<pending>' : all.join(',');
}

function servicePorts(service: JsonObject): string {
  const texts = objectsAt(service, 'spec', 'ports').map((port) => {
    const nodePort = numberAt(port, 'nodePort');
    const node = nodePort === 0 ? '' : `:${nodePort}`;
    return `${numberAt(port, 'port')}${node}/${textAt(port, 'protocol')}`;
  });
  return texts.length === 0 ? NONE : texts.join(',');
}

function endpointsText(endpoints: JsonObject): string {
  const list = objectsAt(endpoints, 'subsets').flatMap((subset) => {
    const addresses = objectsAt(subset, 'addresses').map((address) => textAt(address, 'ip'));
    const ports = objectsAt(subset, 'ports');
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) =>
      addresses.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${numberAt(port, 'port')}`),
    );
  });
  return firstThree(list, NONE);
}

function firstThree(list: readonly string[], none: string): string {
  if (list.length === 0) return none;
  const shown = list.slice(0, 3).join(',');
  return list.length > 3 ? `${shown} + ${list.length - 3} more...` : shown;
}

function nodeStatus(node: JsonObject): string {
  const ready = objectsAt(node, 'status', 'conditions').find((entry) => entry['type'] === 'Ready');
  const text = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  return objectAt(node, 'spec')['unschedulable'] === true ? `${text},SchedulingDisabled` : text;
}

function nodeAddress(node: JsonObject, type: string): string {
  const found = objectsAt(node, 'status', 'addresses').find((entry) => entry['type'] === type);
  return textAt(found, 'address') || NONE;
}
