/** Knot DNS as the measure of what the system's sockets allow: static zones, no Kubernetes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon } from '../test/cluster/daemon.js';
import { freePort } from '../test/cluster/free-port.js';
import { untilAnswers } from './asker.js';
import type { NameServer } from './name-server.js';

export interface KnotOptions {
  readonly name: string;
  /** Temporary; everything of this server's lies in a folder below. */
  readonly folder: string;
  /** Zone file texts by zone. */
  readonly zones: Readonly<Record<string, string>>;
  /** Threads for UDP, and as many for TCP. */
  readonly threads: number;
}

/** `3.2.6`, or undefined where the system has no Knot. */
export function knotVersion(): string | undefined {
  const { stdout } = spawnSync('knotd', ['--version'], { encoding: 'utf8' });
  return /version ([\d.]+)/.exec(stdout ?? '')?.[1];
}

/** Starts it and waits until it answers for its first zone. */
export async function startKnot(options: KnotOptions): Promise<NameServer> {
  const folder = join(options.folder, options.name.replaceAll(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const lines = ['server:', `  listen: 127.0.0.1@${port}`, `  rundir: ${folder}`];
  lines.push(`  udp-workers: ${options.threads}`, `  tcp-workers: ${options.threads}`);
  lines.push('  background-workers: 1', 'database:', `  storage: ${folder}`, 'zone:');
  for (const [zone, text] of Object.entries(options.zones)) {
    const file = join(folder, `${zone === '.' ? 'root' : zone}.zone`);
    writeFileSync(file, text);
    // with its journal Knot would write each zone twice
    lines.push(`  - domain: "${zone}"`, `    file: ${file}`, '    journal-content: none');
  }
  const configuration = join(folder, 'knot.conf');
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  const daemon = new Daemon({
    name: options.name,
    command: 'knotd',
    args: ['-c', configuration],
    logFile: join(folder, 'log'),
  });
  try {
    const [zone = '.'] = Object.keys(options.zones);
    await untilAnswers(daemon, port, zone);
  } catch (error) {
    await daemon.stop('SIGKILL');
    throw error;
  }
  const stop = (): Promise<void> => daemon.stop('SIGKILL');
  return { name: options.name, port, pid: daemon.pid, readyMs: undefined, stop };
}
