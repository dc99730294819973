/** What the main thread knows of watches, tables, workers and listeners, as samples for a scrape. */
import type { Plan } from '../../corefile/plan.js';
import type { WatchCounts } from '../../kube/watch-counts.js';
import type { WatchState } from '../../kube/watch-source.js';
import type { Sample } from './sample.js';

/** A watch source, as far as its metrics go (kube/kube-watch.ts). */
export interface MeasuredWatch {
  states(): readonly WatchState[];
  counts(): ReadonlyMap<string, WatchCounts>;
}

/** A table with its writer (zone/table-writer.ts). */
export interface MeasuredTable {
  /** The zone, or `reverse` and `clients` for the tables that are no zone's. */
  readonly zone: string;
  readonly writer: {
    readonly names: number;
    readonly liveOctets: number;
    readonly takenOctets: number;
  };
}

/** A bound listener. */
export interface MeasuredListener {
  readonly server: string;
  readonly transport: string;
  readonly implementation: string;
}

const COUNTERS = [
  'listed',
  'events',
  'bookmarks',
  'relists',
  'resumes',
  'silences',
  'duplicates',
  'skipped',
  'differences',
] as const satisfies readonly (keyof WatchCounts)[];

/**
 * States and counters by kind; several sources that watch the same kind are added up, their ages and
 * states are the worst of them.
 * @param nowMs wall-clock milliseconds since 1970
 */
export function* watchSamples(watches: readonly MeasuredWatch[], nowMs: number): Iterable<Sample> {
  const kinds = new Map<string, WatchState[]>();
  for (const state of watches.flatMap((watch) => watch.states())) {
    kinds.set(state.kind, [...(kinds.get(state.kind) ?? []), state]);
  }
  for (const [kind, states] of kinds) {
    const labels = { kind };
    const heard = Math.min(...states.map(({ lastActivityAt }) => lastActivityAt));
    // before the first word there is no age that means anything
    if (heard > 0) {
      const value = Math.max(0, nowMs - heard) / 1000;
      yield { metric: 'svcdns_watch_age_seconds', labels, value };
    }
    const connected = states.every((state) => state.connected);
    yield { metric: 'svcdns_watch_connected', labels, value: Number(connected) };
    const synced = states.every((state) => state.synced);
    yield { metric: 'svcdns_watch_synced', labels, value: Number(synced) };
    const value = states.reduce((sum, { objects }) => sum + objects, 0);
    yield { metric: 'svcdns_watch_objects', labels, value };
  }
  for (const watch of watches) for (const entry of watch.counts()) yield* countSamples(...entry);
}

function* countSamples(kind: string, counts: WatchCounts): Iterable<Sample> {
  for (const name of COUNTERS) {
    yield { metric: `svcdns_watch_${name}_total`, labels: { kind }, value: counts[name] };
  }
  for (const [reason, value] of counts.failures) {
    yield { metric: 'svcdns_watch_failures_total', labels: { kind, reason }, value };
  }
}

/** Names and octets by zone; tables of the same zone are added up. */
export function* tableSamples(tables: readonly MeasuredTable[]): Iterable<Sample> {
  for (const { zone, writer } of tables) {
    yield { metric: 'svcdns_table_names', labels: { zone }, value: writer.names };
    yield { metric: 'svcdns_table_live_bytes', labels: { zone }, value: writer.liveOctets };
    yield { metric: 'svcdns_table_taken_bytes', labels: { zone }, value: writer.takenOctets };
  }
}

/** How each listener works; several threads' listeners of one address are one. */
export function* listenerSamples(listeners: readonly MeasuredListener[]): Iterable<Sample> {
  const seen = new Set<string>();
  for (const { server, transport, implementation } of listeners) {
    const key = `${server} ${transport} ${implementation}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const labels = { server, transport, implementation };
    yield { metric: 'svcdns_listener_info', labels, value: 1 };
  }
}

export function* workerSamples(workers: number, restarts: number): Iterable<Sample> {
  yield { metric: 'svcdns_workers', value: workers };
  yield { metric: 'svcdns_worker_restarts_total', value: restarts };
  // what kills a worker is a fault of the program that nobody caught: CoreDNS would call it a panic
  yield { metric: 'coredns_panics_total', value: restarts };
}

/** `coredns_plugin_enabled` for each directive of each block and address. */
export function* pluginSamples(plan: Plan): Iterable<Sample> {
  const seen = new Set<string>();
  for (const { addresses, directives } of plan.blocks) {
    for (const { scheme, port, zone } of addresses) {
      for (const { name } of directives) {
        const server = `${scheme}://:${port}`;
        const key = `${server} ${zone} ${name}`;
        if (seen.has(key)) continue;
        seen.add(key);
        yield { metric: 'coredns_plugin_enabled', labels: { server, zone, name }, value: 1 };
      }
    }
  }
}

/** `coredns_build_info`. */
export function* buildSamples(version: string, revision = ''): Iterable<Sample> {
  const labels = { version, revision, goversion: `node ${process.version}` };
  yield { metric: 'coredns_build_info', labels, value: 1 };
}
