/** How many processors this process may use: the control group's limit where there is one. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Reads a file of the control group; undefined when it is not there. */
export type ReadGroupFile = (path: string) => string | undefined;

/**
 * Processors, at least 1, a fraction rounded up: the smaller of the machine's and the control group's
 * limit (version 2: cpu.max, version 1: cpu.cfs_quota_us and cpu.cfs_period_us).
 */
export function cpuLimit(
  read: ReadGroupFile = readGroupFile,
  machine: number = availableParallelism(),
): number {
  const limit = quotaVersion2(read('/sys/fs/cgroup/cpu.max')) ?? quotaVersion1(read);
  return Math.max(1, Math.min(machine, Math.ceil(limit ?? machine)));
}

/** `max 100000` or `200000 100000`. */
function quotaVersion2(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? '').trim().split(/\s+/);
  return ratio(quota, period);
}

function quotaVersion1(read: ReadGroupFile): number | undefined {
  return ratio(
    read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')?.trim(),
    read('/sys/fs/cgroup/cpu/cpu.cfs_period_us')?.trim(),
  );
}

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const value = Number(quota) / Number(period);
  return value > 0 && Number.isFinite(value) ? value : undefined;
}

function readGroupFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
