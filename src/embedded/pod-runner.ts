/** Scheduler and kubelet of the embedded cluster: pods get a node, addresses and a readiness, and end. */
import { type AddressRange, addressRange } from './address-range.js';
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import {
  copyObject,
  flagAt,
  type JsonObject,
  objectAt,
  objectsAt,
  openObject,
  sameJson,
  textAt,
  textsAt,
} from './json.js';
import { isTerminating, nameOf, namespaceOf, timestamp } from './object-identity.js';
import { keyOf, type StoreEvent } from './object-store.js';
import { resourceOf } from './resource-type.js';

const POD = resourceOf('Pod');
const NODE = resourceOf('Node');

/** On a Pod: `"false"` keeps its Ready condition false, as a failing readiness probe would. */
const READY_ANNOTATION = 'svcdns.io/ready';

/** Only pods that came without a status are run; one that brought its own is left as it is. */
export class PodRunner implements Controller {
  readonly #cluster: Cluster;
  readonly #terminationMs: number;
  readonly #dirty = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Pod addresses in use, by uid of the pod. */
  readonly #addresses = new Map<string, string>();
  /** Uids of the pods whose readiness annotation changed. */
  readonly #annotated = new Set<string>();
  #turn = 0;

  /** @param terminationMs how long a deleted pod stays in its terminating state */
  constructor(cluster: Cluster, terminationMs: number) {
    this.#cluster = cluster;
    this.#terminationMs = terminationMs;
  }

  observe({ resource, type, object, previous }: StoreEvent): void {
    if (resource === NODE && type === 'ADDED') {
      // Pods that waited for a node.
      for (const pod of this.#cluster.store.list(POD)) this.#mark(pod);
    }
    if (resource !== POD) return;
    const uid = textAt(object, 'metadata', 'uid');
    if (type === 'DELETED') {
      this.#annotated.delete(uid);
      for (const [ip, owner] of this.#addresses) if (owner === uid) this.#addresses.delete(ip);
      clearTimeout(this.#timers.get(uid));
      this.#timers.delete(uid);
      return;
    }
    for (const { ip } of objectsAt(object, 'status', 'podIPs')) {
      if (typeof ip === 'string' && !this.#addresses.has(ip)) this.#addresses.set(ip, uid);
    }
    // A status that somebody wrote stands until the annotation says something new.
    if (previous !== undefined && readyAnnotation(previous) !== readyAnnotation(object)) {
      this.#annotated.add(uid);
    }
    this.#mark(object);
  }

  work(): boolean {
    if (this.#dirty.size === 0) return false;
    const batch = [...this.#dirty];
    this.#dirty.clear();
    for (const key of batch) {
      const [namespace = '', name = ''] = key.split('/');
      const pod = this.#cluster.store.get(POD, namespace, name);
      if (pod !== undefined) this.#sync(pod);
    }
    return true;
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #mark(pod: JsonObject): void {
    this.#dirty.add(keyOf(namespaceOf(pod), nameOf(pod)));
  }

  #sync(pod: JsonObject): void {
    if (isTerminating(pod)) this.#end(pod);
    else if (textAt(pod, 'status', 'podIP') === '') this.#start(pod);
    else if (this.#annotated.delete(textAt(pod, 'metadata', 'uid'))) this.#refresh(pod);
  }

  #start(pod: JsonObject): void {
    if (textAt(pod, 'status', 'phase') !== 'Pending') return;
    const node = this.#nodeFor(pod);
    if (node === undefined) return;
    const copy = copyObject(pod);
    openObject(copy, 'spec')['nodeName'] = nameOf(node);
    const ips = flagAt(pod, 'spec', 'hostNetwork')
      ? nodeAddresses(node)
      : this.#pickAddresses(node);
    if (ips.length === 0) return;
    copy['status'] = this.#runningStatus(copy, node, ips);
    this.#cluster.save(POD, copy);
  }

  #refresh(pod: JsonObject): void {
    const node = this.#cluster.store.get(NODE, '', textAt(pod, 'spec', 'nodeName'));
    const ips = objectsAt(pod, 'status', 'podIPs').map((entry) => textAt(entry, 'ip'));
    const status = this.#runningStatus(pod, node, ips);
    if (sameJson(readiness(status), readiness(objectAt(pod, 'status')))) return;
    this.#cluster.save(POD, { ...copyObject(pod), status });
  }

  #end(pod: JsonObject): void {
    const uid = textAt(pod, 'metadata', 'uid');
    const finish = (): void => {
      this.#timers.delete(uid);
      const current = this.#cluster.store.get(POD, namespaceOf(pod), nameOf(pod));
      if (current === undefined || textAt(current, 'metadata', 'uid') !== uid) return;
      if (textsAt(current, 'metadata', 'finalizers').length > 0) return;
      this.#cluster.drop(POD, namespaceOf(pod), nameOf(pod));
    };
    if (this.#terminationMs === 0 || textAt(pod, 'spec', 'nodeName') === '') finish();
    else if (!this.#timers.has(uid)) {
      this.#timers.set(uid, setTimeout(finish, this.#terminationMs).unref());
    }
  }

  #nodeFor(pod: JsonObject): JsonObject | undefined {
    const asked = textAt(pod, 'spec', 'nodeName');
    if (asked !== '') return this.#cluster.store.get(NODE, '', asked);
    const nodes = this.#cluster.store
      .list(NODE)
      .filter((node) => !flagAt(node, 'spec', 'unschedulable'))
      .filter((node) => textAt(node, 'spec', 'podCIDR') !== '');
    this.#turn += 1;
    return nodes[(this.#turn - 1) % nodes.length];
  }

  /** One free address of each of the node's pod ranges. */
  #pickAddresses(node: JsonObject): string[] {
    return textsAt(node, 'spec', 'podCIDRs').flatMap((cidr) => {
      const ip = this.#freeAddress(addressRange(cidr));
      return ip === undefined ? [] : [ip];
    });
  }

  #freeAddress(range: AddressRange): string | undefined {
    // The first is the node's own bridge.
    for (let offset = 2; offset < range.size - 1; offset += 1) {
      const ip = range.at(offset);
      if (!this.#addresses.has(ip)) return ip;
    }
    return undefined;
  }

  #runningStatus(
    pod: JsonObject,
    node: JsonObject | undefined,
    ips: readonly string[],
  ): JsonObject {
    const ready = readyAnnotation(pod) !== 'false';
    const now = timestamp(this.#cluster.surroundings.now());
    const startTime = textAt(pod, 'status', 'startTime') || now;
    const hostIPs = node === undefined ? [] : nodeAddresses(node);
    const condition = (type: string, holds: boolean): JsonObject => ({
      type,
      status: holds ? 'True' : 'False',
      lastProbeTime: null,
      lastTransitionTime: now,
      ...(holds ? {} : { reason: 'ContainersNotReady' }),
    });
    return {
      phase: 'Running',
      conditions: [
        condition('PodScheduled', true),
        condition('Initialized', true),
        condition('ContainersReady', ready),
        condition('Ready', ready),
      ],
      hostIP: hostIPs[0] ?? '',
      hostIPs: hostIPs.map((ip) => ({ ip })),
      podIP: ips[0] ?? '',
      podIPs: ips.map((ip) => ({ ip })),
      startTime,
      containerStatuses: objectsAt(pod, 'spec', 'containers').map((container) => ({
        name: textAt(container, 'name'),
        image: textAt(container, 'image'),
        imageID: '',
        ready,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: startTime } },
        lastState: {},
      })),
      qosClass: 'BestEffort',
    };
  }
}

function readyAnnotation(pod: JsonObject): string {
  return textAt(pod, 'metadata', 'annotations', READY_ANNOTATION);
}

function nodeAddresses(node: JsonObject): string[] {
  return objectsAt(node, 'status', 'addresses')
    .filter((address) => address['type'] === 'InternalIP')
    .map((address) => textAt(address, 'address'));
}

/** What of a status says whether the pod is ready, without times. */
function readiness(status: JsonObject): JsonObject[] {
  return objectsAt(status, 'conditions').map(({ type, status: holds }) => ({
    type: type ?? '',
    status: holds ?? '',
  }));
}
