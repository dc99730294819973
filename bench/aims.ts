/** What the project wants to reach, held against what was measured. */

import type { Cell, Readings } from './load-phase.js';
import { percentile } from './percentile.js';
import type { ClusterFindings, Findings } from './report.js';
import type { ServerName } from './workloads.js';

/** One aim. */
export interface Aim {
  readonly text: string;
  /** In words, with unit. */
  readonly reached: string;
  /** Undefined: not measured in this run. */
  readonly isMet: boolean | undefined;
}

/** CoreDNS at 150,000 endpoints, from its documentation of scaling: (pods + services) / 1000 + 54 MB. */
function coreDnsMemory(pods: number, services: number): number {
  return (pods + services) / 1_000 + 54;
}

/** Every aim, in the order of the report. */
export function aims(findings: Findings): Aim[] {
  return [
    cpuAim(findings, 'hit', 'CoreDNS', 1 / 5),
    cpuAim(findings, 'mix', 'CoreDNS', 1 / 5),
    cpuAim(findings, 'hit', 'Knot', 1.15),
    cpuAim(findings, 'mix', 'Knot', 1.15),
    cpuAim(findings, 'hit', 'CoreDNS', 1 / 2, 'moderate'),
    cpuAim(findings, 'mix', 'CoreDNS', 1 / 2, 'moderate'),
    cpuAim(findings, 'tcp', 'CoreDNS', 1 / 5),
    throughputAim(findings, 'hit'),
    throughputAim(findings, 'mix'),
    latencyAim(findings, 'hit'),
    latencyAim(findings, 'mix'),
    memoryAim(findings.cluster),
    largeMemoryAim(findings),
    readyAim(findings.cluster),
    changeAim(findings.cluster),
    relistAim(findings),
  ];
}

type Load = 'saturated' | 'moderate';

function readings(
  { cluster }: Findings,
  workload: string,
  server: ServerName,
  load: Load,
): Readings | undefined {
  const result = cluster?.workloads.find((one) => one.workload.id === workload);
  return result?.cells.find((cell: Cell) => cell.server === server)?.[load];
}

/** Our CPU a query as a share of the peer's; the better of the default and one worker counts as ours. */
function cpuAim(
  findings: Findings,
  workload: string,
  peer: ServerName,
  most: number,
  load: Load = 'saturated',
): Aim {
  const when = load === 'saturated' ? 'at saturation' : 'at 20,000 queries a second';
  const text = `${workload}: CPU a query ${when} at most ${share(most)} of ${peer}’s`;
  const [ours, theirs] = [
    readings(findings, workload, 'svcdns', load)?.cpu,
    readings(findings, workload, peer, load)?.cpu,
  ];
  if (ours === undefined || theirs === undefined) return notMeasured(text);
  const reached = `${ours.toFixed(1)} against ${theirs.toFixed(1)} µs: ${share(ours / theirs)}`;
  return { text, reached, isMet: ours <= theirs * most };
}

function throughputAim(findings: Findings, workload: string): Aim {
  const text = `${workload}: one data thread answers three times what CoreDNS answers with all cores`;
  const ours = readings(findings, workload, 'svcdns, 1 worker', 'saturated')?.queriesPerSecond;
  const theirs = readings(findings, workload, 'CoreDNS', 'saturated')?.queriesPerSecond;
  if (ours === undefined || theirs === undefined) return notMeasured(text);
  const reached = `${thousands(ours)} against ${thousands(theirs)} a second: ${(ours / theirs).toFixed(2)} times`;
  return { text, reached, isMet: ours >= 3 * theirs };
}

function latencyAim(findings: Findings, workload: string): Aim {
  const text = `${workload}: p99 at 20,000 queries a second below CoreDNS’s`;
  const ours = readings(findings, workload, 'svcdns', 'moderate')?.p99;
  const theirs = readings(findings, workload, 'CoreDNS', 'moderate')?.p99;
  if (ours === undefined || theirs === undefined) return notMeasured(text);
  const reached = `${ours.toFixed(2)} against ${theirs.toFixed(2)} ms`;
  return { text, reached, isMet: ours < theirs };
}

function memoryAim(cluster: ClusterFindings | undefined): Aim {
  const text = 'resident memory below CoreDNS’s, same services';
  const ours = cluster?.memoryAfterLoad.get('svcdns')?.resident;
  const theirs = cluster?.memoryAfterLoad.get('CoreDNS')?.resident;
  if (ours === undefined || theirs === undefined) return notMeasured(text);
  const reached = `${ours.toFixed(0)} against ${theirs.toFixed(0)} MB after the load`;
  return { text, reached, isMet: ours < theirs };
}

function largeMemoryAim({ scale }: Findings): Aim {
  const text = 'resident memory with many endpoints below (pods + services) / 1000 + 54 MB';
  const ours = scale?.readings.find(({ server }) => server === 'svcdns')?.memoryAtStart.resident;
  if (scale === undefined || ours === undefined) return notMeasured(text);
  const most = coreDnsMemory(scale.endpoints, scale.services);
  return {
    text,
    reached: `${ours.toFixed(0)} against ${most.toFixed(0)} MB`,
    isMet: ours < most,
  };
}

function readyAim(cluster: ClusterFindings | undefined): Aim {
  const text = 'ready no later than CoreDNS';
  const ours = cluster?.starts?.get('svcdns');
  const theirs = cluster?.starts?.get('CoreDNS');
  if (ours === undefined || theirs === undefined) return notMeasured(text);
  const [mine, other] = [percentile(ours, 0.5), percentile(theirs, 0.5)];
  const reached = `${mine.toFixed(0)} against ${other.toFixed(0)} ms`;
  return { text, reached, isMet: mine <= other };
}

function changeAim(cluster: ClusterFindings | undefined): Aim {
  const text = 'from a change to its answer, p99 while quiet: below 20 ms';
  const times = cluster?.changes?.get('svcdns');
  if (times === undefined) return notMeasured(text);
  const p99 = percentile(times, 0.99);
  return { text, reached: `${p99.toFixed(1)} ms`, isMet: p99 < 20 };
}

function relistAim({ scale }: Findings): Aim {
  const text = 'no answer later than 50 ms during the big relist';
  const ours = scale?.readings.find(({ server }) => server === 'svcdns')?.relist;
  if (ours === undefined) return notMeasured(text);
  return { text, reached: `${ours.worst.toFixed(1)} ms`, isMet: ours.worst <= 50 };
}

function notMeasured(text: string): Aim {
  return { text, reached: 'not measured', isMet: undefined };
}

function share(value: number): string {
  return `${Math.round(value * 100)} %`;
}

function thousands(value: number): string {
  return `${(value / 1_000).toFixed(1)} k`;
}
