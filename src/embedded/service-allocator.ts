/** Gives Services their cluster IPs and node ports (pkg/registry/core/service/storage in Kubernetes). */
import type { AddressRange, Family } from './address-range.js';
import { internalError, invalid } from './api-error.js';
import { type FieldFault, invalidValue } from './field-fault.js';
import {
  flagAt,
  type JsonObject,
  numberAt,
  objectsAt,
  openObject,
  sameJson,
  textAt,
  textsAt,
} from './json.js';
import { addressFamily, canonicalAddress } from './name-rules.js';
import type { ObjectStore } from './object-store.js';
import { resourceOf } from './resource-type.js';
import { validateClusterIPs } from './service-address-rules.js';
import {
  allocatedAddresses,
  allocatedNodePorts,
  hasSelector,
  isHeadless,
  needsHealthCheck,
  needsNodePort,
  serviceType,
} from './service-fields.js';

const SERVICE = resourceOf('Service');

/** Where allocations come from. */
export interface AllocatorOptions {
  /** The first is the default family; one or two, of different families. */
  readonly serviceRanges: readonly AddressRange[];
  /** Lowest and highest node port. */
  readonly nodePorts: readonly [number, number];
}

/**
 * Allocations follow the store: an address is taken while some stored Service has it, so that a
 * refused write leaves nothing to give back.
 */
export class ServiceAllocator {
  readonly #ranges: ReadonlyMap<Family, AddressRange>;
  readonly #defaultFamily: Family;
  readonly #nodePorts: readonly [number, number];
  /** How many stored services hold it; addresses in canonical form. */
  readonly #takenAddresses = new Map<string, number>();
  readonly #takenNodePorts = new Map<number, number>();
  /** Where the next search starts, by family, so that a freed address is not given out again at once. */
  readonly #next = new Map<Family, number>();
  #nextNodePort = 0;

  constructor(store: ObjectStore, options: AllocatorOptions) {
    this.#ranges = new Map(options.serviceRanges.map((range) => [range.family, range]));
    this.#defaultFamily = options.serviceRanges[0]?.family ?? 'IPv4';
    this.#nodePorts = options.nodePorts;
    store.onChange((event) => {
      if (event.resource !== SERVICE) return;
      if (event.previous !== undefined) this.#count(event.previous, -1);
      if (event.type !== 'DELETED') this.#count(event.object, 1);
    });
  }

  /**
   * Fills ipFamilyPolicy, ipFamilies, clusterIP(s), nodePorts and healthCheckNodePort in place.
   *
   * @throws ApiError 422 for a choice that can't be had, 500 when a range is exhausted
   */
  allocate(service: JsonObject, before?: JsonObject): void {
    if (serviceType(service) !== 'ExternalName') {
      this.#fillFamilies(service, before);
      if (!isHeadless(service)) this.#fillAddresses(service, before);
    }
    const picked = new Set<number>();
    if (needsNodePort(service)) this.#fillNodePorts(service, before, picked);
    if (needsHealthCheck(service)) this.#fillHealthCheckPort(service, before, picked);
  }

  #fillFamilies(service: JsonObject, before: JsonObject | undefined): void {
    const spec = openObject(service, 'spec');
    const headlessAlone = isHeadless(service) && !hasSelector(service);
    if (textAt(spec, 'ipFamilyPolicy') === '') {
      const inherited = textAt(before, 'spec', 'ipFamilyPolicy');
      // Nothing says of which families the endpoints of such a service will be.
      spec['ipFamilyPolicy'] = inherited || (headlessAlone ? 'RequireDualStack' : 'SingleStack');
    }
    this.#refuse(service, validateClusterIPs(service));
    const policy = textAt(spec, 'ipFamilyPolicy');
    if (before !== undefined) releaseSecond(service, before, policy);
    this.#refuse(service, policyFaults(service, before, policy));
    const families = textsAt(spec, 'ipFamilies');
    for (const [index, ip] of allocatedAddresses(service).entries()) {
      const family = addressFamily(ip);
      if (index >= families.length && family !== undefined) families.push(family);
    }
    if (families.length === 0) families.push(this.#defaultFamily);
    if (!headlessAlone) this.#refuse(service, this.#clusterFaults(families, policy));
    const other: Family = families[0] === 'IPv4' ? 'IPv6' : 'IPv4';
    const both = headlessAlone || this.#ranges.has(other);
    if (policy !== 'SingleStack' && families.length === 1 && both) families.push(other);
    spec['ipFamilies'] = families;
  }

  #clusterFaults(families: readonly string[], policy: string): FieldFault[] {
    if (policy === 'RequireDualStack' && this.#ranges.size < 2) {
      const detail = 'this cluster is not configured for dual-stack services';
      return [invalidValue('spec.ipFamilyPolicy', policy, detail)];
    }
    return families.flatMap((family, index) =>
      [...this.#ranges.keys()].some((known) => known === family)
        ? []
        : [invalidValue(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster')],
    );
  }

  #fillAddresses(service: JsonObject, before: JsonObject | undefined): void {
    const spec = openObject(service, 'spec');
    const kept = before === undefined ? [] : allocatedAddresses(before).map(canonicalAddress);
    const asked = textsAt(spec, 'clusterIPs');
    const addresses = textsAt(spec, 'ipFamilies').map((family, index) => {
      const range = [...this.#ranges.values()].find((candidate) => candidate.family === family);
      if (range === undefined) throw internalError(`no service range of family ${family}`);
      const ip = asked[index] ?? '';
      if (ip === '') return this.#pickAddress(service, range);
      if (!kept.includes(canonicalAddress(ip))) this.#checkAddress(service, range, ip, asked);
      return ip;
    });
    spec['clusterIPs'] = addresses;
    spec['clusterIP'] = addresses[0] ?? '';
  }

  #checkAddress(
    service: JsonObject,
    range: AddressRange,
    ip: string,
    asked: readonly string[],
  ): void {
    const why = !range.contains(ip)
      ? 'the provided network does not match the current range'
      : this.#takenAddresses.has(canonicalAddress(ip) ?? ip)
        ? 'provided IP is already allocated'
        : '';
    if (why === '') return;
    const detail = `failed to allocate IP ${ip}: ${why}`;
    throw invalid(SERVICE, textAt(service, 'metadata', 'name'), [
      invalidValue('spec.clusterIPs', [...asked], detail),
    ]);
  }

  /** The first free address beyond the part of the range that is kept for chosen addresses. */
  #pickAddress(service: JsonObject, range: AddressRange): string {
    // Kubernetes "Service ClusterIP allocation": min(max(16, size / 16), 256) addresses
    const chosen = Math.min(Math.max(16, Math.floor(range.size / 16)), 256);
    const last = range.size - (range.family === 'IPv4' ? 2 : 1);
    const start = this.#next.get(range.family) ?? chosen + 1;
    for (let step = 0; step < last; step += 1) {
      // From `start` to the end, then from the first address.
      const offset = ((start - 1 + step) % last) + 1;
      const address = range.at(offset);
      if (this.#takenAddresses.has(address)) continue;
      this.#next.set(range.family, offset + 1);
      return address;
    }
    const name = textAt(service, 'metadata', 'name');
    throw internalError(
      `failed to allocate a serviceIP for Service ${JSON.stringify(name)}: range is full`,
    );
  }

  #fillNodePorts(service: JsonObject, before: JsonObject | undefined, picked: Set<number>): void {
    const kept = new Set(before === undefined ? [] : allocatedNodePorts(before));
    const ports = objectsAt(service, 'spec', 'ports');
    for (const [index, port] of ports.entries()) {
      const nodePort = numberAt(port, 'nodePort');
      if (nodePort === 0) continue;
      if (!kept.has(nodePort) && !picked.has(nodePort)) {
        const field = `spec.ports[${index}].nodePort`;
        this.#checkNodePort(service, nodePort, field);
      }
      picked.add(nodePort);
    }
    const wanted =
      serviceType(service) === 'NodePort' ||
      flagAt(service, 'spec', 'allocateLoadBalancerNodePorts');
    if (!wanted) return;
    for (const port of ports) {
      if (numberAt(port, 'nodePort') !== 0) continue;
      // The same port number under two protocols shares one node port.
      const twin = ports.find(
        (other) => other['port'] === port['port'] && numberAt(other, 'nodePort') !== 0,
      );
      port['nodePort'] = numberAt(twin, 'nodePort') || this.#pickNodePort(picked);
    }
  }

  #checkNodePort(service: JsonObject, nodePort: number, field: string): void {
    const [low, high] = this.#nodePorts;
    const inRange = nodePort >= low && nodePort <= high;
    if (inRange && !this.#takenNodePorts.has(nodePort)) return;
    const detail = inRange
      ? 'provided port is already allocated'
      : `provided port is not in the valid range. The range of valid ports is ${low}-${high}`;
    throw invalid(SERVICE, textAt(service, 'metadata', 'name'), [
      invalidValue(field, nodePort, detail),
    ]);
  }

  #pickNodePort(picked: Set<number>): number {
    const [low, high] = this.#nodePorts;
    const size = high - low + 1;
    for (let step = 0; step < size; step += 1) {
      const offset = (this.#nextNodePort + step) % size;
      const port = low + offset;
      if (this.#takenNodePorts.has(port) || picked.has(port)) continue;
      this.#nextNodePort = offset + 1;
      picked.add(port);
      return port;
    }
    throw internalError('failed to allocate a nodePort: range is full');
  }

  #fillHealthCheckPort(
    service: JsonObject,
    before: JsonObject | undefined,
    picked: Set<number>,
  ): void {
    const spec = openObject(service, 'spec');
    const asked = numberAt(spec, 'healthCheckNodePort');
    if (asked === 0) spec['healthCheckNodePort'] = this.#pickNodePort(picked);
    else if (numberAt(before, 'spec', 'healthCheckNodePort') !== asked) {
      this.#checkNodePort(service, asked, 'spec.healthCheckNodePort');
    }
  }

  #refuse(service: JsonObject, faults: readonly FieldFault[]): void {
    if (faults.length > 0) throw invalid(SERVICE, textAt(service, 'metadata', 'name'), faults);
  }

  #count(service: JsonObject, by: 1 | -1): void {
    for (const ip of allocatedAddresses(service)) {
      bump(this.#takenAddresses, canonicalAddress(ip) ?? ip, by);
    }
    for (const port of new Set(allocatedNodePorts(service))) bump(this.#takenNodePorts, port, by);
  }
}

function bump<K>(counts: Map<K, number>, key: K, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

/** A change of the policy to SingleStack gives the second address back. */
function releaseSecond(service: JsonObject, before: JsonObject, policy: string): void {
  if (policy !== 'SingleStack') return;
  const spec = openObject(service, 'spec');
  for (const field of ['clusterIPs', 'ipFamilies']) {
    const list = textsAt(spec, field);
    if (list.length > 1 && sameJson(list, textsAt(before, 'spec', field))) {
      spec[field] = list.slice(0, 1);
    }
  }
}

function policyFaults(
  service: JsonObject,
  before: JsonObject | undefined,
  policy: string,
): FieldFault[] {
  const field = 'spec.ipFamilyPolicy';
  const addresses = textsAt(service, 'spec', 'clusterIPs');
  const families = textsAt(service, 'spec', 'ipFamilies');
  if (policy === 'SingleStack') {
    const need = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
    return [
      ...(addresses.length === 2
        ? [invalidValue(field, policy, `${need} cluster IPs are specified`)]
        : []),
      ...(families.length === 2
        ? [invalidValue(field, policy, `${need} IP families are specified`)]
        : []),
    ];
  }
  if (before === undefined) return [];
  const fewer = (list: readonly string[], name: string): boolean =>
    list.length > 0 && list.length < textsAt(before, 'spec', name).length;
  const release = "must be 'SingleStack' to release the secondary";
  return [
    ...(fewer(addresses, 'clusterIPs')
      ? [invalidValue(field, policy, `${release} cluster IP`)]
      : []),
    ...(fewer(families, 'ipFamilies') ? [invalidValue(field, policy, `${release} IP family`)] : []),
  ];
}
