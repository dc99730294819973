/** Which sockets a plan asks for: one entry a scheme, port and address, with the blocks that meet there. */
import type { ListenerKey } from './chain/block-selection.js';
import type { Plan, PlannedBlock } from './corefile/plan.js';
import { type BindTarget, bindPlugin } from './plugins/bind/directive.js';
import { optionsOf } from './plugins/options-of.js';

/** One address that is to be listened on. Plain data. */
export interface ListenerSpec extends ListenerKey {
  /** An IP address; empty: all addresses of both families. */
  readonly address: string;
  /** Indices of the blocks in the plan. */
  readonly blocks: readonly number[];
  /** The port that was chosen where `port` is 0 and several threads share it. */
  readonly boundPort?: number;
}

/** Addresses of an interface by its name; empty when there is none of that name. */
export type InterfaceAddresses = (name: string) => readonly string[];

/** Sockets of a plan, in the order of the file. */
export function listenerSpecs(plan: Plan, interfaceAddresses: InterfaceAddresses): ListenerSpec[] {
  const specs = new Map<string, ListenerSpec & { blocks: number[] }>();
  for (const block of plan.blocks) {
    for (const address of boundAddresses(block, interfaceAddresses)) {
      for (const { scheme, port } of block.addresses) {
        const key = specKey({ scheme, port, address });
        const spec = specs.get(key);
        if (spec === undefined) specs.set(key, { scheme, port, address, blocks: [block.index] });
        else if (!spec.blocks.includes(block.index)) spec.blocks.push(block.index);
      }
    }
  }
  return [...specs.values()];
}

/** Identifies a socket: what stays open over a reload when both plans have it. */
export function specKey({ scheme, port, address }: Omit<ListenerSpec, 'blocks'>): string {
  return `${scheme}://[${address}]:${port}`;
}

/** As CoreDNS labels a listener: `dns://:53`, with `bind` `dns://127.0.0.1:53`. */
export function serverLabel({ scheme, port, address }: Omit<ListenerSpec, 'blocks'>): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${scheme}://${host}:${port}`;
}

function boundAddresses(block: PlannedBlock, addressesOf: InterfaceAddresses): string[] {
  const bind = optionsOf(block, bindPlugin);
  if (bind === undefined) return [''];
  const expand = (targets: readonly BindTarget[]): string[] =>
    targets.flatMap(({ kind, name }) => (kind === 'address' ? [name] : addressesOf(name)));
  const addresses = bind.groups.flatMap(({ listen, except }) => {
    const excluded = new Set(expand(except));
    return expand(listen).filter((address) => !excluded.has(address));
  });
  return [...new Set(addresses)];
}
