/** What is asked: each workload's questions, how they are sent, and what a right answer looks like. */
import type { LoadOptions } from './dnsperf.js';
import { type RandomIndex, seededRandom } from './random.js';
import { bigService, NAMESPACES, namespaceName, type SeedService } from './seed.js';
import { OUTSIDE_NAMES } from './zone-file.js';

/** Servers that are measured; the last ones only where a workload asks for them. */
export type ServerName =
  | 'svcdns'
  | 'svcdns, 1 worker'
  | 'svcdns, no workers'
  | 'svcdns, search path'
  | 'CoreDNS'
  | 'CoreDNS, cache'
  | 'Knot';

/** The seed's services by kind. */
interface Pools {
  /** With a cluster IP. */
  readonly plain: readonly SeedService[];
  /** Without the big ones. */
  readonly headless: readonly SeedService[];
  /** Plain ones of the first namespace. */
  readonly local: readonly SeedService[];
}

/** One workload. */
export interface Workload {
  /** On the command line. */
  readonly id: string;
  /** In the tables. */
  readonly title: string;
  readonly servers: readonly ServerName[];
  /** Lines for dnsperf, drawn from the seed. */
  questions(pools: Pools, random: RandomIndex): string[];
  /** Shares of rcodes within 2 %; a server that answers otherwise is left out, with what it said. */
  readonly rcodes: Readonly<Record<string, number>>;
  readonly sending: Pick<LoadOptions, 'transport' | 'clients' | 'outstanding'> & {
    readonly dnssecOk?: boolean;
  };
  /** Measured at the moderate load, too, with latencies. */
  readonly moderate: boolean;
}

const MAIN: readonly ServerName[] = ['svcdns', 'CoreDNS', 'Knot'];
const ALL: readonly ServerName[] = [
  'svcdns',
  'svcdns, 1 worker',
  'svcdns, no workers',
  'CoreDNS',
  'CoreDNS, cache',
  'Knot',
];
const UDP = { transport: 'udp', clients: 10, outstanding: 100 } as const;
const TCP = { transport: 'tcp', clients: 4, outstanding: 100 } as const;
const QUESTIONS = 10_000;
const NOERROR = { NOERROR: 1 };

/** All workloads, in the order of the tables. */
export const WORKLOADS: readonly Workload[] = [
  {
    id: 'hit',
    title: 'hit: A of a service with a cluster IP',
    servers: ALL,
    questions: (pools, random) => repeat(() => hit(pools, random)),
    rcodes: NOERROR,
    sending: UDP,
    moderate: true,
  },
  {
    id: 'mix',
    title:
      'mix: 35 % hit, 15 % AAAA without data, 10 % headless of 20, 30 % search list, 5 % SRV, 5 % unknown',
    servers: ALL,
    questions: (pools, random) => repeat(() => mixed(pools, random)),
    rcodes: { NOERROR: 0.65, NXDOMAIN: 0.35 },
    sending: UDP,
    moderate: true,
  },
  {
    id: 'big',
    title: 'headless of 500 over UDP: truncated',
    servers: MAIN,
    questions: () => [`${nameOf(bigService(500))} A`],
    rcodes: NOERROR,
    sending: UDP,
    moderate: false,
  },
  {
    id: 'big-tcp',
    title: 'headless of 300 over TCP',
    servers: MAIN,
    // dnsperf takes messages to 16 kB, and CoreDNS writes the owner out in each of the 300 records
    questions: () => [`${nameOf(bigService(300))} A`],
    rcodes: NOERROR,
    sending: { ...TCP, outstanding: 20 },
    moderate: false,
  },
  {
    id: 'ptr',
    title: 'PTR of cluster IPs and of endpoints',
    servers: MAIN,
    questions: (pools, random) => repeat(() => reverse(pools, random)),
    rcodes: NOERROR,
    sending: UDP,
    moderate: false,
  },
  {
    id: 'edns',
    title: 'hit with OPT and DO',
    servers: MAIN,
    questions: (pools, random) => repeat(() => hit(pools, random)),
    rcodes: NOERROR,
    sending: { ...UDP, dnssecOk: true },
    moderate: false,
  },
  {
    id: 'tcp',
    title: 'hit over 4 TCP connections, pipelined',
    servers: MAIN,
    questions: (pools, random) => repeat(() => hit(pools, random)),
    rcodes: NOERROR,
    sending: TCP,
    moderate: false,
  },
  {
    id: 'search-2',
    title: 'search path 2: `service.namespace.`',
    servers: ['svcdns'],
    questions: (pools, random) => repeat(() => shortName(pools, random)),
    rcodes: NOERROR,
    sending: UDP,
    moderate: false,
  },
  {
    id: 'search-3',
    title: 'search path 3: `service.` from a sidecar’s pod',
    servers: ['svcdns, search path'],
    questions: ({ local }, random) => repeat(() => `${pick(local, random).name} A`),
    rcodes: NOERROR,
    sending: UDP,
    moderate: false,
  },
  {
    id: 'search-4',
    title: 'search path 4: `host.example.com.namespace.svc.cluster.local`',
    servers: ['svcdns, search path'],
    questions: (_pools, random) =>
      repeat(() => `${outside(random)}.${namespaceName(random(NAMESPACES))}.svc.cluster.local A`),
    rcodes: NOERROR,
    sending: UDP,
    moderate: false,
  },
  {
    id: 'outside',
    title: 'names outside, from the cache (Knot: its own zone)',
    servers: MAIN,
    questions: (_pools, random) => repeat(() => `${outside(random)} A`),
    rcodes: NOERROR,
    sending: UDP,
    moderate: false,
  },
];

/** The lines of a workload, the same in every run. */
export function questionsOf(workload: Workload, services: readonly SeedService[]): string {
  const plain = services.filter(({ clusterIP }) => clusterIP !== undefined);
  const headless = services.filter(
    ({ clusterIP, name }) => clusterIP === undefined && !name.startsWith('big-'),
  );
  const local = plain.filter(({ namespace }) => namespace === namespaceName(0));
  const questions = workload.questions({ plain, headless, local }, seededRandom(20_260_101));
  return `${questions.join('\n')}\n`;
}

function repeat(question: () => string): string[] {
  return Array.from({ length: QUESTIONS }, question);
}

function pick<T>(values: readonly T[], random: RandomIndex): T {
  const value = values[random(values.length)];
  if (value === undefined) throw new Error('the seed has no such service');
  return value;
}

function nameOf({ name, namespace }: Omit<SeedService, 'endpoints'>): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

function hit(pools: Pools, random: RandomIndex): string {
  return `${nameOf(pick(pools.plain, random))} A`;
}

function shortName(pools: Pools, random: RandomIndex): string {
  const { name, namespace } = pick(pools.plain, random);
  return `${name}.${namespace} A`;
}

function reverse(pools: Pools, random: RandomIndex): string {
  const { clusterIP, endpoints } = pick(random(2) === 0 ? pools.plain : pools.headless, random);
  const address = clusterIP ?? pick(endpoints, random);
  return `${address.split('.').reverse().join('.')}.in-addr.arpa PTR`;
}

function outside(random: RandomIndex): string {
  return `host-${random(OUTSIDE_NAMES)}.example.com`;
}

/** The first questions of a pod's search list for a name outside: each ends in NXDOMAIN. */
function searchMiss(random: RandomIndex): string {
  const name = `${pick(['api', 'www', 'db-1', 'queue'], random)}.${pick(['example.com', 'example.org'], random)}`;
  const suffix = pick([`${namespaceName(random(NAMESPACES))}.svc.`, 'svc.', ''], random);
  return `${name}.${suffix}cluster.local ${pick(['A', 'AAAA'], random)}`;
}

function mixed(pools: Pools, random: RandomIndex): string {
  const share = random(100);
  if (share < 35) return hit(pools, random);
  if (share < 50) return `${nameOf(pick(pools.plain, random))} AAAA`;
  if (share < 60) return `${nameOf(pick(pools.headless, random))} A`;
  if (share < 90) return searchMiss(random);
  if (share < 95) return `_http._tcp.${nameOf(pick(pools.plain, random))} SRV`;
  return `unknown-${random(1_000)}.${namespaceName(random(NAMESPACES))}.svc.cluster.local A`;
}
