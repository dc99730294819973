/** Makes Nodes usable: a pod range of their own and a Ready condition where none was given. */
import { addressRange } from './address-range.js';
import type { Cluster } from './cluster.js';
import type { Controller } from './controller.js';
import { copyObject, type JsonObject, objectsAt, openObject, textAt, textsAt } from './json.js';
import { nameOf, timestamp } from './object-identity.js';
import type { StoreEvent } from './object-store.js';
import { resourceOf } from './resource-type.js';

const NODE = resourceOf('Node');
/** Pod addresses of a node: a /24 and a /120 hold 254. */
const POD_ADDRESSES = 256;

export class NodeRunner implements Controller {
  readonly #cluster: Cluster;
  readonly #podRanges: readonly string[];
  readonly #dirty = new Set<string>();

  constructor(cluster: Cluster, podRanges: readonly string[]) {
    this.#cluster = cluster;
    this.#podRanges = podRanges;
  }

  observe({ resource, type, object }: StoreEvent): void {
    if (resource === NODE && type === 'ADDED') this.#dirty.add(nameOf(object));
  }

  work(): boolean {
    if (this.#dirty.size === 0) return false;
    const batch = [...this.#dirty];
    this.#dirty.clear();
    for (const name of batch) {
      const node = this.#cluster.store.get(NODE, '', name);
      if (node !== undefined) this.#prepare(node);
    }
    return true;
  }

  #prepare(node: JsonObject): void {
    const copy = copyObject(node);
    const spec = openObject(copy, 'spec');
    const status = openObject(copy, 'status');
    if (textAt(spec, 'podCIDR') === '') {
      const cidrs = this.#freeRanges();
      spec['podCIDR'] = cidrs[0] ?? '';
      spec['podCIDRs'] = cidrs;
    }
    if (objectsAt(status, 'conditions').length === 0) {
      const now = timestamp(this.#cluster.surroundings.now());
      status['conditions'] = [
        {
          type: 'Ready',
          status: 'True',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
          reason: 'KubeletReady',
          message: 'the embedded cluster runs no containers',
        },
      ];
    }
    status['capacity'] ??= { cpu: '2', memory: '4Gi', pods: '110' };
    status['allocatable'] ??= { cpu: '2', memory: '4Gi', pods: '110' };
    this.#cluster.save(NODE, copy);
  }

  /** The first block of each pod range that no node has. */
  #freeRanges(): string[] {
    const taken = new Set(
      this.#cluster.store.list(NODE).flatMap((node) => textsAt(node, 'spec', 'podCIDRs')),
    );
    return this.#podRanges.flatMap((cidr) => {
      const range = addressRange(cidr);
      const bits = range.family === 'IPv4' ? 24 : 120;
      for (let offset = 0; offset < range.size; offset += POD_ADDRESSES) {
        const block = `${range.at(offset)}/${bits}`;
        if (!taken.has(block)) return [block];
      }
      return [];
    });
  }
}
