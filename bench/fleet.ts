/** The servers that are measured side by side, all running at once, one under load at a time. */
import { knotVersion, startKnot } from './knot.js';
import { type NameServer, type NameServerOptions, startNameServer } from './name-server.js';
import { type Memory, memoryOf } from './process-usage.js';
import { namespaceName, type SeedService } from './seed.js';
import { startUpstream, type Upstream } from './upstream.js';
import type { ServerName } from './workloads.js';
import { clusterZone, outsideZone, reverseZone } from './zone-file.js';

/** Where the servers live. */
export interface Setting {
  readonly folder: string;
  /** Lines of the kubernetes block. */
  readonly access: readonly string[];
  readonly services: readonly SeedService[];
}

export interface Fleet {
  readonly servers: ReadonlyMap<ServerName, NameServer>;
  /** Those that could not be had, and why. */
  readonly missing: ReadonlyMap<ServerName, string>;
  /** Of each server, now. */
  memory(): ReadonlyMap<ServerName, Memory>;
  stop(): Promise<void>;
}

type Variant = Pick<
  NameServerOptions,
  'program' | 'cache' | 'kubernetes' | 'directives' | 'environment'
>;

/**
 * The servers with a Corefile. CoreDNS's cache would answer for its kubernetes plugin, so that it has one
 * for names outside only, and is there once more with the usual one; svcdns never asks its cache for names
 * of the cluster.
 */
const VARIANTS: Readonly<Record<Exclude<ServerName, 'Knot'>, Variant>> = {
  svcdns: { program: 'svcdns', cache: 'everything' },
  'svcdns, 1 worker': { program: 'svcdns', cache: 'everything', directives: ['workers 1'] },
  'svcdns, no workers': { program: 'svcdns', cache: 'everything', directives: ['workers 0'] },
  'svcdns, search path': {
    program: 'svcdns',
    cache: 'everything',
    kubernetes: ['search_path outside'],
    environment: { POD_NAMESPACE: namespaceName(0) },
  },
  CoreDNS: { program: 'coredns', cache: 'outside' },
  'CoreDNS, cache': { program: 'coredns', cache: 'everything' },
};

/** Starts all of them, one after the other. */
export async function startFleet(setting: Setting): Promise<Fleet> {
  const servers = new Map<ServerName, NameServer>();
  const missing = new Map<ServerName, string>();
  let upstream: Upstream | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all([...servers.values(), upstream].map((server) => server?.stop()));
  };
  try {
    upstream = await startUpstream(setting.folder);
    for (const name of variantNames()) {
      servers.set(name, await startVariant(name, setting, upstream.port));
    }
    if (knotVersion() === undefined) missing.set('Knot', 'knotd is not installed');
    else servers.set('Knot', await startPeerKnot(setting));
  } catch (error) {
    await stop();
    throw error;
  }
  const memory = (): ReadonlyMap<ServerName, Memory> =>
    new Map([...servers].map(([name, { pid }]) => [name, memoryOf(pid)]));
  return { servers, missing, memory, stop };
}

/** From the start of a process to ready, ms: svcdns and CoreDNS in turns. */
export async function startTimes(
  setting: Setting,
  starts: number,
): Promise<ReadonlyMap<ServerName, readonly number[]>> {
  const times = new Map<ServerName, number[]>([
    ['svcdns', []],
    ['CoreDNS', []],
  ]);
  for (let i = 0; i < starts; i++) {
    for (const [name, values] of times) {
      if (name === 'Knot') continue;
      const server = await startVariant(name, setting, undefined);
      await server.stop();
      values.push(server.readyMs ?? Number.NaN);
    }
  }
  return times;
}

function variantNames(): Exclude<ServerName, 'Knot'>[] {
  return [
    'svcdns',
    'svcdns, 1 worker',
    'svcdns, no workers',
    'svcdns, search path',
    'CoreDNS',
    'CoreDNS, cache',
  ];
}

function startVariant(
  name: Exclude<ServerName, 'Knot'>,
  { folder, access }: Setting,
  upstreamPort: number | undefined,
): Promise<NameServer> {
  const { cache, ...variant } = VARIANTS[name];
  const outside = upstreamPort === undefined ? {} : { upstreamPort, ...(cache && { cache }) };
  return startNameServer({ name, folder, access, ...variant, ...outside });
}

function startPeerKnot({ folder, services }: Setting): Promise<NameServer> {
  const zones = {
    'cluster.local': clusterZone(services),
    '10.in-addr.arpa': reverseZone(services),
    'example.com': outsideZone(),
  };
  return startKnot({ name: 'Knot', folder, zones, threads: 1 });
}
