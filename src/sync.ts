/**
 * A watch batch's way: changes → names touched → derived again → compiled → published.
 *
 * Runs on the control thread only. Readers see each name change in one step; what a change can't be seen
 * in is never touched.
 */
import type {
  KubeChange,
  KubeEndpointSlice,
  KubeNamespace,
  KubePod,
  KubeService,
} from './kube/objects.js';
import type { KubeSnapshot } from './kube/snapshot.js';
import type { ChangeBatch, WatchSource } from './kube/watch-source.js';
import type { KubernetesOptions } from './plugins/kubernetes/options.js';
import { aliasTarget } from './records/alias.js';
import type { DerivationOptions } from './records/derivation.js';
import { reverseTargets } from './records/reverse-records.js';
import type { RelativeName } from './records/rrset.js';
import { serviceRecords } from './records/service-records.js';
import {
  clientRecords,
  fixedRecords,
  namespaceRecords,
  podRecords,
} from './records/zone-records.js';
import { ReverseTable } from './zone/reverse-table.js';
import type { TableWriter } from './zone/table-writer.js';
import { ZoneTable } from './zone/zone-table.js';

/** Names derived in one go before the event loop gets its turn, while the first lists are compiled. */
const CHUNK = 500;

/** What the sync is told from outside. */
export interface ZoneSyncOptions {
  readonly kubernetes: KubernetesOptions;
  readonly source: WatchSource;
  /** Addresses of this machine that are not loopback: what NS records are made from. */
  readonly ownAddresses: readonly string[];
  /** Whether a label is a delegated top-level domain: its namespace's services have no short names. */
  isTopLevelDomain(label: string): boolean;
  wallClock(): number;
  /** Called after each published batch. */
  readonly onPublished?: (batch: ChangeBatch) => void;
}

/** One forward zone and its table. */
interface ForwardZone {
  readonly derivation: DerivationOptions;
  readonly table: ZoneTable;
}

/** Keeps the tables of one kubernetes directive equal to what its watches say. */
export class ZoneSync {
  readonly #options: ZoneSyncOptions;
  readonly #forward: ReadonlyMap<string, ForwardZone>;
  readonly #reverse: ReverseTable;
  /** Namespaces by pod address (client-namespaces.ts), with `pods verified`. */
  readonly #clients: ZoneTable | undefined;
  readonly #primary: DerivationOptions;
  /** Services that are aliases, by the service that they lead to first. */
  readonly #dependants = new Map<string, Set<string>>();
  /** Batches before the first lists are complete are all compiled at once by publishAll. */
  #started = false;
  #ready = false;

  constructor(options: ZoneSyncOptions) {
    this.#options = options;
    const { kubernetes } = options;
    const allowsShort = (name: RelativeName): boolean => {
      const labels = name.split('.');
      return !options.isTopLevelDomain(labels.at(-2) ?? '');
    };
    this.#forward = new Map(
      kubernetes.forwardZones.map((zone) => [
        zone,
        {
          derivation: derivationFor(kubernetes, zone),
          table: new ZoneTable({ zone, ttlSeconds: kubernetes.ttlSeconds, allowsShort }),
        },
      ]),
    );
    const primary = kubernetes.forwardZones[0] ?? 'cluster.local.';
    this.#primary = derivationFor(kubernetes, primary);
    this.#reverse = new ReverseTable({
      zone: primary,
      ttlSeconds: kubernetes.ttlSeconds,
      allowsShort: () => false,
    });
    const clients = { zone: '.', ttlSeconds: 0, allowsShort: () => false };
    this.#clients = kubernetes.pods === 'verified' ? new ZoneTable(clients) : undefined;
  }

  /** Table of a forward zone; undefined for a zone that the directive does not serve. */
  forwardTable(zone: string): SharedArrayBuffer | undefined {
    return this.#forward.get(zone)?.table.buffer;
  }

  /** The one table of all reverse zones. */
  get reverseTable(): SharedArrayBuffer {
    return this.#reverse.buffer;
  }

  /** Namespaces by pod address; undefined without `pods verified`. */
  get clientTable(): SharedArrayBuffer | undefined {
    return this.#clients?.buffer;
  }

  /** The tables' writers, for metrics: names and octets. */
  writers(): readonly TableWriter[] {
    const tables = [...this.#forward.values()].map(({ table }) => table.writer);
    if (this.#clients !== undefined) tables.push(this.#clients.writer);
    return [...tables, this.#reverse.writer];
  }

  /** Gives up what a reader that is gone may still have held. */
  releaseReader(reader: number): void {
    for (const writer of this.writers()) writer.releaseReader(reader);
  }

  /**
   * Compiles everything that the first lists brought, giving the event loop its turn in between, and
   * opens the tables to readers. Changes that come meanwhile are applied as they come.
   */
  async publishAll(): Promise<void> {
    const { snapshot } = this.#options.source;
    this.#started = true;
    this.#publishFixed(snapshot);
    await inChunks(snapshot.namespaces(), ({ name }) => this.#publishNamespace(snapshot, name));
    await inChunks(snapshot.services(), (service) => {
      this.#noteAlias(undefined, service);
      this.#publishService(snapshot, service.namespace, service.name);
      for (const address of service.clusterIPs) this.#publishAddress(snapshot, address);
    });
    await inChunks(snapshot.slices(), (slice) => {
      for (const address of addressesOf(slice)) this.#publishAddress(snapshot, address);
    });
    await inChunks(snapshot.pods(), (pod) => {
      for (const address of pod.podIPs) this.#publishPod(snapshot, address);
    });
    this.#ready = true;
    this.#endBatch(true);
    for (const writer of this.writers()) writer.setReady();
  }

  /** Publishes what a batch changed; the source's snapshot holds it already. */
  apply(batch: ChangeBatch): void {
    if (!this.#started) return;
    const { snapshot } = this.#options.source;
    const touched = new Touched();
    for (const change of batch.changes) this.#collect(change, touched, snapshot);
    for (const key of [...touched.services]) this.#addDependants(key, touched.services);
    let changed = this.#publishFixed(snapshot);
    for (const namespace of touched.namespaces) {
      changed = this.#publishNamespace(snapshot, namespace) || changed;
    }
    for (const key of touched.services) {
      const [namespace = '', name = ''] = key.split('/');
      changed = this.#publishService(snapshot, namespace, name) || changed;
    }
    for (const address of touched.addresses) {
      changed = this.#publishAddress(snapshot, address) || changed;
    }
    for (const address of touched.pods) changed = this.#publishPod(snapshot, address) || changed;
    this.#endBatch(changed);
    if (this.#ready) this.#options.onPublished?.(batch);
  }

  #collect(change: KubeChange, touched: Touched, snapshot: KubeSnapshot): void {
    for (const object of [change.before, change.after]) {
      if (object === undefined) continue;
      if (object.kind === 'Service') this.#collectService(object, change, touched, snapshot);
      else if (object.kind === 'EndpointSlice') touched.slice(object);
      else if (object.kind === 'Namespace') touched.namespace(object, snapshot);
      else if (object.kind === 'Pod') touched.pod(object);
    }
    if (change.kind === 'Service') {
      this.#noteAlias(asService(change.before), asService(change.after));
    }
  }

  #collectService(
    service: KubeService,
    change: KubeChange,
    touched: Touched,
    snapshot: KubeSnapshot,
  ): void {
    touched.services.add(`${service.namespace}/${service.name}`);
    for (const address of service.clusterIPs) touched.addresses.add(address);
    // endpoints have a PTR only while their service exists
    if (change.before !== undefined && change.after !== undefined) return;
    for (const slice of snapshot.slicesOf(service.namespace, service.name)) {
      for (const address of addressesOf(slice)) touched.addresses.add(address);
    }
  }

  /** Keeps the index of aliases by what they lead to. */
  #noteAlias(before: KubeService | undefined, after: KubeService | undefined): void {
    const { forwardZones } = this.#options.kubernetes;
    const old = before && aliasTarget(before, forwardZones);
    if (before !== undefined && old !== undefined) {
      const key = `${old.namespace}/${old.name}`;
      const set = this.#dependants.get(key);
      set?.delete(`${before.namespace}/${before.name}`);
      if (set?.size === 0) this.#dependants.delete(key);
    }
    const next = after && aliasTarget(after, forwardZones);
    if (after !== undefined && next !== undefined) {
      const key = `${next.namespace}/${next.name}`;
      const set = this.#dependants.get(key) ?? new Set();
      set.add(`${after.namespace}/${after.name}`);
      this.#dependants.set(key, set);
    }
  }

  #addDependants(key: string, services: Set<string>): void {
    for (const dependant of this.#dependants.get(key) ?? []) {
      if (services.has(dependant)) continue;
      services.add(dependant);
      this.#addDependants(dependant, services);
    }
  }

  #publishFixed(snapshot: KubeSnapshot): boolean {
    const { ownAddresses, kubernetes } = this.#options;
    let changed = false;
    for (const { derivation, table } of this.#forward.values()) {
      const owners = fixedRecords(snapshot, derivation, ownAddresses);
      changed = table.replaceUnit('', owners) || changed;
    }
    const apex = fixedRecords(snapshot, this.#primary, ownAddresses)[0];
    for (const zone of kubernetes.reverseZones) {
      changed = this.#reverse.publishApex(zone, apex?.rrsets ?? []) || changed;
    }
    return changed;
  }

  #publishNamespace(snapshot: KubeSnapshot, namespace: string): boolean {
    let changed = false;
    for (const { derivation, table } of this.#forward.values()) {
      const owners = namespaceRecords(snapshot, derivation, namespace);
      changed = table.replaceUnit(`${namespace}/`, owners) || changed;
    }
    return changed;
  }

  #publishService(snapshot: KubeSnapshot, namespace: string, name: string): boolean {
    let changed = false;
    for (const { derivation, table } of this.#forward.values()) {
      const owners = serviceRecords(snapshot, derivation, namespace, name);
      changed = table.replaceUnit(`${namespace}/${name}`, owners) || changed;
    }
    return changed;
  }

  #publishAddress(snapshot: KubeSnapshot, address: string): boolean {
    if (this.#options.kubernetes.reverseZones.length === 0) return false;
    return this.#reverse.replaceAddress(address, reverseTargets(snapshot, this.#primary, address));
  }

  #publishPod(snapshot: KubeSnapshot, address: string): boolean {
    let changed = false;
    for (const { derivation, table } of this.#forward.values()) {
      const owners = podRecords(snapshot, derivation, address);
      changed = table.replaceUnit(`pod ${address}`, owners) || changed;
    }
    this.#clients?.replaceUnit(address, clientRecords(snapshot, address));
    return changed;
  }

  /** New serial where something changed (Unix seconds, as CoreDNS), and memory given back. */
  #endBatch(changed: boolean): void {
    const serial = Math.floor(this.#options.wallClock() / 1000);
    for (const writer of this.writers()) {
      if (changed) writer.setSerial(serial);
      writer.reclaim();
    }
  }
}

/** What a batch of changes may have changed in DNS. */
class Touched {
  readonly services = new Set<string>();
  readonly namespaces = new Set<string>();
  readonly addresses = new Set<string>();
  readonly pods = new Set<string>();

  slice(slice: KubeEndpointSlice): void {
    this.services.add(`${slice.namespace}/${slice.serviceName}`);
    for (const address of addressesOf(slice)) this.addresses.add(address);
  }

  /** A namespace that comes or goes takes its services, their addresses and its pods with it. */
  namespace({ name }: KubeNamespace, snapshot: KubeSnapshot): void {
    this.namespaces.add(name);
    for (const service of snapshot.services()) {
      if (service.namespace !== name) continue;
      this.services.add(`${name}/${service.name}`);
      for (const address of service.clusterIPs) this.addresses.add(address);
      for (const slice of snapshot.slicesOf(name, service.name)) this.slice(slice);
    }
    for (const pod of snapshot.pods()) if (pod.namespace === name) this.pod(pod);
  }

  pod(pod: KubePod): void {
    for (const address of pod.podIPs) this.pods.add(address);
  }
}

function asService(object: KubeChange['before']): KubeService | undefined {
  return object?.kind === 'Service' ? object : undefined;
}

function* addressesOf(slice: KubeEndpointSlice): Iterable<string> {
  for (const endpoint of slice.endpoints) yield* endpoint.addresses;
}

function derivationFor(kubernetes: KubernetesOptions, zone: string): DerivationOptions {
  return {
    zone,
    zones: kubernetes.forwardZones,
    namespaces: kubernetes.namespaces,
    pods: kubernetes.pods,
    endpointPodNames: kubernetes.endpointPodNames,
    noEndpoints: kubernetes.noEndpoints,
    ignoreEmptyService: kubernetes.ignoreEmptyService,
  };
}

/** Handles all items, giving way to the event loop after each chunk. */
async function inChunks<T>(items: Iterable<T>, handle: (item: T) => void): Promise<void> {
  let count = 0;
  for (const item of [...items]) {
    handle(item);
    count += 1;
    if (count % CHUNK === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}
