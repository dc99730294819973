/** What a process has used, from /proc (Linux). */
import { readFileSync } from 'node:fs';

/** USER_HZ is 100 on every Linux that Node runs on, so a tick is 10 ms. */
const TICK_MICROSECONDS = 10_000;

/** CPU time of all threads of a process, in user and kernel mode, µs. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the second field is the name in parentheses and may hold blanks
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

/** Memory of a process in MB (2^20 octets). */
export interface Memory {
  /** Resident, shared pages of the program itself included. */
  readonly resident: number;
  /** The most that was ever resident. */
  readonly peak: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { resident: read('VmRSS'), peak: read('VmHWM') };
}
