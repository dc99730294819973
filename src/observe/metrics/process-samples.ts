/** The process metrics that every Prometheus client has, for all threads together. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Sample } from './sample.js';

/**
 * What Linux tells of this process; where /proc is not to be had, the samples that need it are missing.
 * prom-client's own come with timers and observers, and are taken for `runtime_metrics` only.
 */
export function* processSamples(): Iterable<Sample> {
  const { user, system } = process.cpuUsage();
  yield { metric: 'process_cpu_seconds_total', value: (user + system) / 1e6 };
  yield { metric: 'process_resident_memory_bytes', value: process.memoryUsage.rss() };
  yield {
    metric: 'process_start_time_seconds',
    value: Date.now() / 1000 - process.uptime(),
  };
  const virtualKib = fieldOf('/proc/self/status', /^VmSize:\s+(\d+) kB/m);
  if (virtualKib !== undefined) {
    yield { metric: 'process_virtual_memory_bytes', value: virtualKib * 1024 };
  }
  const openFiles = entriesOf('/proc/self/fd');
  if (openFiles !== undefined) yield { metric: 'process_open_fds', value: openFiles };
  const maxFiles = fieldOf('/proc/self/limits', /^Max open files\s+(\d+)/m);
  if (maxFiles !== undefined) yield { metric: 'process_max_fds', value: maxFiles };
}

function fieldOf(path: string, pattern: RegExp): number | undefined {
  try {
    const text = pattern.exec(readFileSync(path, 'utf8'))?.[1];
    return text === undefined ? undefined : Number(text);
  } catch {
    return undefined;
  }
}

function entriesOf(path: string): number | undefined {
  try {
    return readdirSync(path).length;
  } catch {
    return undefined;
  }
}
