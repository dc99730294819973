/** What the readings were taken on and with. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { programPath } from '../test/cluster/build.js';
import { repositoryRoot } from '../test/cluster/repository.js';
import { knotVersion } from './knot.js';

export interface Machine {
  /** `2 × Intel ...`. */
  readonly processors: string;
  readonly memoryGB: number;
  readonly kernel: string;
  /** Of the minute before the run: what others had the machine do. */
  readonly loadAverage: number;
  /** Programs and versions. */
  readonly versions: Readonly<Record<string, string>>;
  /** YYYY-MM-DD. */
  readonly date: string;
}

export function machine(): Machine {
  const all = cpus();
  return {
    processors: `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}`,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    loadAverage: loadavg()[0] ?? 0,
    versions: {
      svcdns: svcdnsVersion(),
      Node: process.versions.node,
      CoreDNS: line(programPath('coredns'), ['-version']).replace(/^CoreDNS-/, ''),
      'kube-apiserver': line(programPath('kube-apiserver'), ['--version']).replace(/^\w+ v/, ''),
      Knot: knotVersion() ?? 'not installed',
      dnsperf: /Version ([\d.]+)/.exec(output('dnsperf', ['-h']))?.[1] ?? '?',
    },
    date: new Date().toISOString().slice(0, 10),
  };
}

function svcdnsVersion(): string {
  const text: unknown = JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8'));
  const isPackage = typeof text === 'object' && text !== null && 'version' in text;
  return isPackage ? String(text.version) : '?';
}

function line(command: string, args: readonly string[]): string {
  return output(command, args).split('\n', 1)[0] ?? '';
}

function output(command: string, args: readonly string[]): string {
  const { stdout, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined) {
    throw new Error(`the benchmark needs ${command}: ${error.message}`, { cause: error });
  }
  return stdout;
}
