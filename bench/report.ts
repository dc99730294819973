/** The findings as the page docs/benchmarks.md. */
import { type Aim, aims } from './aims.js';
import { type Cell, MODERATE_RATE, type WorkloadResult } from './load-phase.js';
import type { Machine } from './machine.js';
import { percentile } from './percentile.js';
import type { Memory } from './process-usage.js';
import { BACKGROUND_RATE, CHURN_RATE, type ScaleResult, type Stretch } from './scale-phase.js';
import type { ServerName } from './workloads.js';

/** Everything that one run found. */
export interface Findings {
  readonly machine: Machine;
  readonly command: string;
  readonly cluster?: ClusterFindings;
  readonly scale?: ScaleResult;
}

/** What was measured on the real control plane. */
export interface ClusterFindings {
  readonly services: number;
  readonly endpoints: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly memoryAtStart: ReadonlyMap<ServerName, Memory>;
  readonly memoryAfterLoad: ReadonlyMap<ServerName, Memory>;
  readonly workloads: readonly WorkloadResult[];
  /** ms each. */
  readonly starts: ReadonlyMap<ServerName, readonly number[]> | undefined;
  readonly changes: ReadonlyMap<ServerName, readonly number[]> | undefined;
}

/** The whole page. */
export function reportText(findings: Findings, minutes: number): string {
  const { cluster, scale } = findings;
  const parts = [
    heading(findings, minutes),
    aimsText(aims(findings)),
    ...(cluster === undefined ? [] : clusterText(cluster)),
    ...(scale === undefined ? [] : scaleText(scale)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function heading({ machine, command }: Findings, minutes: number): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    '# Benchmarks',
    '',
    `Written by \`${command}\` on ${machine.date} in ${minutes.toFixed(0)} minutes. Machine:`,
    `${machine.processors}, ${machine.memoryGB} GB, Linux ${machine.kernel}, load average ${machine.loadAverage.toFixed(1)} before the run. ${versions.join(', ')}.`,
    '',
    'Load generator, servers and control plane share the machine and talk over loopback, so ratios within',
    'one run mean something and absolute figures little. CPU is that of the server’s whole process, all',
    'threads and the kernel’s work for it, divided by the questions answered.',
  ].join('\n');
}

function aimsText(all: readonly Aim[]): string {
  const rows = all.map(({ text, reached, isMet }) => [
    text,
    reached,
    isMet === undefined ? '' : isMet ? 'reached' : '**missed**',
  ]);
  return `## Aims\n\n${table(['aim', 'measured', ''], rows)}`;
}

function clusterText(cluster: ClusterFindings): string[] {
  const { services, endpoints, rounds, seconds } = cluster;
  const parts = [
    `## Answers\n\n${services.toLocaleString('en')} services and ${endpoints.toLocaleString('en')} endpoints on a real control plane; dnsperf, ${seconds} s a cell after 1 s to warm up,\nmedians of ${rounds} round${rounds === 1 ? '' : 's'}, servers taking turns. “svcdns” is the default: a data thread a core. Knot answers a\nstatic zone with the same names from one thread and is the measure of what the sockets allow.`,
    ...cluster.workloads.map(workloadText),
    memoryText(cluster),
  ];
  if (cluster.starts !== undefined) {
    parts.push(`## From start to ready\n\n${timesTable(cluster.starts)}`);
  }
  if (cluster.changes !== undefined) {
    parts.push(
      `## From a change to its answer\n\nFrom the return of the API call that creates a service to the first answer with its address.\n\n${timesTable(cluster.changes)}`,
    );
  }
  return parts;
}

function workloadText({ workload, cells }: WorkloadResult): string {
  const title = `### ${workload.title}`;
  const measured = cells.filter(({ saturated }) => saturated !== undefined);
  const notes = cells.flatMap(({ server, skipped }) =>
    skipped === undefined ? [] : [`${server}: left out, ${skipped}.`],
  );
  const parts = [title];
  if (measured.length > 0) {
    parts.push(
      table(
        headOf(workload.moderate),
        measured.map((cell) => rowOf(cell, cells, workload.moderate)),
      ),
    );
  }
  if (notes.length > 0) parts.push(notes.join('\n'));
  return parts.join('\n\n');
}

function headOf(moderate: boolean): string[] {
  const head = ['server', 'queries/s', 'CPU µs', 'of CoreDNS’s', 'of Knot’s'];
  if (!moderate) return head;
  const at = `${MODERATE_RATE / 1_000} k/s`;
  return [...head, `CPU µs at ${at}`, 'p50 ms', 'p99 ms', 'p99.9 ms', 'lost'];
}

function rowOf(cell: Cell, cells: readonly Cell[], withModerate: boolean): string[] {
  const { server, saturated, moderate } = cell;
  const ratio = (peer: ServerName): string => {
    const theirs = cells.find((one) => one.server === peer)?.saturated?.cpu;
    if (theirs === undefined || saturated === undefined || server === peer) return '';
    return (saturated.cpu / theirs).toFixed(2);
  };
  const row: string[] = [server, number(saturated?.queriesPerSecond, 0), number(saturated?.cpu, 2)];
  row.push(ratio('CoreDNS'), ratio('Knot'));
  if (!withModerate) return row;
  row.push(number(moderate?.cpu, 2), number(moderate?.p50, 2), number(moderate?.p99, 2));
  row.push(number(moderate?.p999, 2), `${number((moderate?.lost ?? Number.NaN) * 100, 2)} %`);
  return row;
}

function memoryText({ memoryAtStart, memoryAfterLoad }: ClusterFindings): string {
  const rows = [...memoryAfterLoad].map(([server, { resident, peak }]) => [
    server,
    number(memoryAtStart.get(server)?.resident, 0),
    number(resident, 0),
    number(peak, 0),
  ]);
  return `## Memory\n\nResident, MB.\n\n${table(['server', 'when all are ready', 'after the load', 'peak'], rows)}`;
}

function timesTable(times: ReadonlyMap<ServerName, readonly number[]>): string {
  const rows = [...times].map(([server, values]) => timesRow(server, values));
  return table(['server', 'times', 'p50 ms', 'p99 ms', 'worst ms'], rows);
}

function timesRow(title: string, values: readonly number[]): string[] {
  const of = (share: number): string => number(percentile(values, share), 1);
  return [title, String(values.length), of(0.5), of(0.99), of(1)];
}

function scaleText(scale: ScaleResult): string[] {
  const { services, endpoints, readings } = scale;
  const memory = readings.map((one) => [
    one.server,
    number(one.readyMs, 0),
    number(one.memoryAtStart.resident, 0),
    number(one.memoryAtEnd.resident, 0),
    number(one.memoryAtEnd.peak, 0),
  ]);
  const stretches = readings.flatMap(({ server, quiet, relist, churn }) => [
    stretchRow(`${server}, quiet`, quiet),
    stretchRow(`${server}, all slices listed anew`, relist),
    stretchRow(`${server}, ${CHURN_RATE} services a second change`, churn),
  ]);
  const changes = readings.flatMap(({ server, changesQuiet, changesInRelist }) => [
    timesRow(`${server}, quiet`, changesQuiet),
    timesRow(`${server}, all slices listed anew`, changesInRelist),
  ]);
  return [
    `## Many endpoints\n\n${services.toLocaleString('en')} services and ${endpoints.toLocaleString('en')} endpoints out of a replayed API (lists and watches from memory, over HTTP),\none server at a time.\n\n${table(['server', 'ready after ms', 'resident MB', 'after all of this', 'peak'], memory)}`,
    `### Answers at ${BACKGROUND_RATE.toLocaleString('en')} questions a second\n\n${table(['', 'p50 ms', 'p99 ms', 'p99.9 ms', 'worst ms', 'CPU µs', 'lost'], stretches)}`,
    `### From an event to its answer\n\n${table(['', 'times', 'p50 ms', 'p99 ms', 'worst ms'], changes)}`,
  ];
}

function stretchRow(title: string, { p50, p99, p999, worst, cpu, lost }: Stretch): string[] {
  const times = [p50, p99, p999, worst].map((value) => number(value, 2));
  return [title, ...times, number(cpu, 1), String(lost)];
}

function number(value: number | undefined, digits: number): string {
  if (value === undefined || Number.isNaN(value)) return '';
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) =>
    Math.max(3, cell.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => align(cells[i] ?? '', width, i)).join(' | ')} |`;
  const rule = widths.map((width, i) =>
    i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function align(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
