/** Moves a plan to the loopback address: ports and addresses change, and nothing else. */
import { listenAddress } from '../../src/corefile/listen-address.js';
import type { Plan, PlannedBlock, PlannedDirective } from '../../src/corefile/plan.js';
import type { BindOptions } from '../../src/plugins/bind/directive.js';
import { forwardPlugin } from '../../src/plugins/forward/directive.js';
import type { UpstreamAddress } from '../../src/plugins/forward/options.js';
import { healthPlugin } from '../../src/plugins/health/directive.js';
import { hostsPlugin } from '../../src/plugins/hosts/directive.js';
import { optionsOf } from '../../src/plugins/options-of.js';
import { prometheusPlugin } from '../../src/plugins/prometheus/directive.js';
import { readyPlugin } from '../../src/plugins/ready/directive.js';

const LOOPBACK = '127.0.0.1';

/** Where things are in a test. */
export interface LoopbackPlaces {
  /** Port for `health`, `ready` and `prometheus` each. */
  readonly httpPorts: Readonly<Record<'health' | 'ready' | 'prometheus', number>>;
  /** Ports of the servers behind `forward`, by the `address:port` that the Corefile means. */
  readonly upstreamPorts: ReadonlyMap<string, number>;
  /** Where a file of the distribution lies on disk. */
  onDisk(path: string): string;
}

/**
 * The moved plan; DNS listens on a port of the system's choice. All blocks of a stock file share one
 * port, so that one stays enough.
 */
export function onLoopback(plan: Plan, places: LoopbackPlaces): Plan {
  const ports = new Set(plan.blocks.flatMap((block) => block.addresses.map(({ port }) => port)));
  if (ports.size !== 1) throw new Error(`blocks on ${ports.size} ports would fall together`);
  const blocks = plan.blocks.map((block) => ({
    ...block,
    addresses: block.addresses.map((address) => ({ ...address, port: 0 })),
    directives: block.directives.map((directive) => ({
      ...directive,
      options: movedOptions(directive, block, places),
    })),
  }));
  return { ...plan, blocks };
}

/** The same plan as `onLoopback` made it, but that its server stops at once: lameduck times are long. */
export function withoutLameduck(plan: Plan): Plan {
  const blocks = plan.blocks.map((block) => ({
    ...block,
    directives: block.directives.map((directive) =>
      directive.name === 'health'
        ? { ...directive, options: { ...optionsOf(block, healthPlugin), lameduckMs: 0 } }
        : directive,
    ),
  }));
  return { ...plan, blocks };
}

function movedOptions(
  { name, options }: PlannedDirective,
  block: PlannedBlock,
  { httpPorts, upstreamPorts, onDisk }: LoopbackPlaces,
): unknown {
  const http = (port: number): unknown => listenAddress(`${LOOPBACK}:${port}`);
  switch (name) {
    case 'bind': {
      const listen = [{ kind: 'address', name: LOOPBACK }] as const;
      return { groups: [{ listen, except: [] }] } satisfies BindOptions;
    }
    case 'health':
      return { ...optionsOf(block, healthPlugin), address: http(httpPorts.health) };
    case 'ready':
      return { ...optionsOf(block, readyPlugin), address: http(httpPorts.ready) };
    case 'prometheus':
      return { ...optionsOf(block, prometheusPlugin), address: http(httpPorts.prometheus) };
    case 'hosts': {
      const hosts = optionsOf(block, hostsPlugin);
      return { ...hosts, file: onDisk(hosts?.file ?? '') };
    }
    case 'forward': {
      const stanzas = optionsOf(block, forwardPlugin)?.stanzas ?? [];
      return {
        stanzas: stanzas.map((stanza) => ({
          ...stanza,
          upstreams: stanza.upstreams.map((upstream) => movedUpstream(upstream, upstreamPorts)),
        })),
      };
    }
    default:
      return options;
  }
}

function movedUpstream(
  upstream: UpstreamAddress,
  ports: LoopbackPlaces['upstreamPorts'],
): UpstreamAddress {
  const port = ports.get(upstream.label);
  if (port === undefined) throw new Error(`the test has no upstream ${upstream.label}`);
  return { ...upstream, address: LOOPBACK, port, label: `${LOOPBACK}:${port}` };
}
