/**
 * Keeps the tables of one k8s_external directive equal to what the watches of its block's kubernetes
 * directive say. Runs on the control thread only, beside ZoneSync (sync.ts) and like it.
 */
import { MultiIndex } from './kube/multi-index.js';
import type { KubeChange, KubeService } from './kube/objects.js';
import type { KubeSnapshot } from './kube/snapshot.js';
import type { ChangeBatch, WatchSource } from './kube/watch-source.js';
import type { K8sExternalOptions } from './plugins/k8s_external/options.js';
import type { KubernetesOptions } from './plugins/kubernetes/options.js';
import {
  type ExternalDerivation,
  externalAddresses,
  externalFixedRecords,
  externalNamespaceRecords,
  externalRecords,
  externalReverseTargets,
} from './records/external-records.js';
import { ReverseTable } from './zone/reverse-table.js';
import type { ZoneDescription } from './zone/served-zone.js';
import type { TableWriter } from './zone/table-writer.js';
import { ZoneTable } from './zone/zone-table.js';

/** Services derived in one go before the event loop gets its turn, while the first lists are compiled. */
const CHUNK = 500;
/** Targets are relative to the root (external-records.ts); nothing is asked for without its zone. */
const ROOT_CONTEXT = { zone: '', allowsShort: () => false };

/** What the sync is told from outside. */
export interface ExternalSyncOptions {
  readonly external: K8sExternalOptions;
  /** The kubernetes directive of the same block. */
  readonly kubernetes: KubernetesOptions;
  readonly source: WatchSource;
  /** Addresses of this machine that are not loopback: by them its own service is found. */
  readonly ownAddresses: readonly string[];
  wallClock(): number;
}

/** One forward zone and its table. */
interface ForwardZone {
  readonly derivation: ExternalDerivation;
  readonly table: ZoneTable;
}

/** The writer's side of one k8s_external directive. */
export class ExternalSync {
  readonly #options: ExternalSyncOptions;
  readonly #forward: ReadonlyMap<string, ForwardZone>;
  readonly #primary: ExternalDerivation;
  readonly #reverse: ReverseTable | undefined;
  /** Services by external address, as `namespace/name`. */
  readonly #byAddress = new MultiIndex();
  /** Batches before the first lists are complete are all compiled at once by publishAll. */
  #started = false;

  constructor(options: ExternalSyncOptions) {
    this.#options = options;
    const { external } = options;
    const { ttlSeconds } = external;
    const context = { ...ROOT_CONTEXT, ttlSeconds };
    this.#forward = new Map(
      external.forwardZones.map((zone) => [
        zone,
        { derivation: derivationFor(options, zone), table: new ZoneTable(context) },
      ]),
    );
    this.#primary = derivationFor(options, external.forwardZones[0] ?? '.');
    this.#reverse = external.reverseZones.length > 0 ? new ReverseTable(context) : undefined;
  }

  /** What data threads are told of the directive's zones. */
  zones(): ZoneDescription[] {
    const { external } = this.#options;
    return external.zones.flatMap((zone): ZoneDescription[] => {
      const forward = this.#forward.get(zone)?.table.buffer;
      const table = forward ?? this.#reverse?.buffer;
      if (table === undefined) return [];
      const kind = forward === undefined ? 'reverse' : 'forward';
      const { ttlSeconds } = external;
      const ways = { fallthrough: false, short: false, searchOutside: false };
      return [{ zone, kind, table, ttlSeconds, ...ways }];
    });
  }

  /** The tables' writers, for metrics: names and octets. */
  writers(): readonly TableWriter[] {
    const tables = [...this.#forward.values()].map(({ table }) => table.writer);
    return this.#reverse === undefined ? tables : [...tables, this.#reverse.writer];
  }

  /** Gives up what a reader that is gone may still have held. */
  releaseReader(reader: number): void {
    for (const writer of this.writers()) writer.releaseReader(reader);
  }

  /** Compiles what the first lists brought, and opens the tables to readers. */
  async publishAll(): Promise<void> {
    const { snapshot } = this.#options.source;
    this.#started = true;
    const services = [...snapshot.services()];
    // the whole index in one go: changes that come between two chunks find what they take away
    for (const service of services) this.#note(undefined, service);
    this.#publishFixed(snapshot);
    for (const { name } of [...snapshot.namespaces()]) this.#publishNamespace(snapshot, name);
    for (const [i, service] of services.entries()) {
      this.#publishService(snapshot, service.namespace, service.name);
      for (const address of externalAddresses(service)) this.#publishAddress(snapshot, address);
      if (i % CHUNK === CHUNK - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#endBatch(true);
    for (const writer of this.writers()) writer.setReady();
  }

  /** Publishes what a batch changed; the source's snapshot holds it already. */
  apply(batch: ChangeBatch): void {
    if (!this.#started) return;
    const { snapshot } = this.#options.source;
    const touched: Touched = { services: new Set(), namespaces: new Set(), addresses: new Set() };
    for (const change of batch.changes) this.#collect(change, touched, snapshot);
    let changed = this.#publishFixed(snapshot);
    for (const name of touched.namespaces) {
      changed = this.#publishNamespace(snapshot, name) || changed;
    }
    for (const key of touched.services) {
      const [namespace = '', name = ''] = key.split('/');
      changed = this.#publishService(snapshot, namespace, name) || changed;
    }
    for (const address of touched.addresses) {
      changed = this.#publishAddress(snapshot, address) || changed;
    }
    this.#endBatch(changed);
  }

  #collect({ before, after }: KubeChange, touched: Touched, snapshot: KubeSnapshot): void {
    const object = after ?? before;
    if (object?.kind === 'Service') this.#note(asService(before), asService(after));
    for (const side of [before, after]) {
      if (side?.kind === 'Service') touchService(touched, side);
      if (side?.kind === 'EndpointSlice') {
        touched.services.add(`${side.namespace}/${side.serviceName}`);
      }
    }
    if (object?.kind === 'Node') {
      for (const { type, namespace, name } of snapshot.services()) {
        if (type === 'NodePort') touched.services.add(`${namespace}/${name}`);
      }
    }
    if (object?.kind !== 'Namespace') return;
    // a namespace that comes or goes takes its services and their addresses with it
    touched.namespaces.add(object.name);
    for (const service of snapshot.services()) {
      if (service.namespace === object.name) touchService(touched, service);
    }
  }

  /** Keeps the index by external address. */
  #note(before: KubeService | undefined, after: KubeService | undefined): void {
    const service = after ?? before;
    if (service === undefined) return;
    this.#byAddress.move(
      `${service.namespace}/${service.name}`,
      before === undefined ? [] : externalAddresses(before),
      after === undefined ? [] : externalAddresses(after),
    );
  }

  #publishFixed(snapshot: KubeSnapshot): boolean {
    const { ownAddresses, external } = this.#options;
    let changed = false;
    for (const { derivation, table } of this.#forward.values()) {
      const owners = externalFixedRecords(snapshot, derivation, ownAddresses);
      changed = table.replaceUnit('', owners) || changed;
    }
    if (this.#reverse === undefined) return changed;
    const [apex] = externalFixedRecords(snapshot, this.#primary, ownAddresses);
    for (const zone of external.reverseZones) {
      changed = this.#reverse.publishApex(zone, apex?.rrsets ?? []) || changed;
    }
    return changed;
  }

  #publishNamespace(snapshot: KubeSnapshot, namespace: string): boolean {
    let changed = false;
    for (const { derivation, table } of this.#forward.values()) {
      const owners = externalNamespaceRecords(snapshot, derivation, namespace);
      changed = table.replaceUnit(`${namespace}/`, owners) || changed;
    }
    return changed;
  }

  #publishService(snapshot: KubeSnapshot, namespace: string, name: string): boolean {
    let changed = false;
    for (const { derivation, table } of this.#forward.values()) {
      const owners = externalRecords(snapshot, derivation, namespace, name);
      changed = table.replaceUnit(`${namespace}/${name}`, owners) || changed;
    }
    return changed;
  }

  #publishAddress(snapshot: KubeSnapshot, address: string): boolean {
    if (this.#reverse === undefined) return false;
    const services: KubeService[] = [];
    for (const key of this.#byAddress.keys(address)) {
      const [namespace = '', name = ''] = key.split('/');
      const service = snapshot.service(namespace, name);
      if (service !== undefined) services.push(service);
    }
    const targets = externalReverseTargets(snapshot, this.#primary, services);
    return this.#reverse.replaceAddress(address, targets);
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

/** What a batch of changes may have changed outside. */
interface Touched {
  readonly services: Set<string>;
  readonly namespaces: Set<string>;
  readonly addresses: Set<string>;
}

function touchService(touched: Touched, service: KubeService): void {
  touched.services.add(`${service.namespace}/${service.name}`);
  for (const address of externalAddresses(service)) touched.addresses.add(address);
}

function asService(object: KubeChange['before']): KubeService | undefined {
  return object?.kind === 'Service' ? object : undefined;
}

function derivationFor(
  { external, kubernetes }: ExternalSyncOptions,
  zone: string,
): ExternalDerivation {
  return {
    zone,
    apex: external.apex,
    headless: external.headless,
    nodeports: external.nodeports,
    kubernetes: {
      zone,
      zones: kubernetes.forwardZones,
      namespaces: kubernetes.namespaces,
      pods: kubernetes.pods,
      endpointPodNames: kubernetes.endpointPodNames,
      noEndpoints: kubernetes.noEndpoints,
      ignoreEmptyService: kubernetes.ignoreEmptyService,
    },
  };
}
