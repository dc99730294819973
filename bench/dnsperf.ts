/** Load by dnsperf, which is written in C and costs less than what it measures. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endedWithParent } from '../test/cluster/daemon.js';

export interface LoadOptions {
  readonly port: number;
  /** File with a question a line. */
  readonly queries: string;
  readonly seconds: number;
  readonly transport: 'udp' | 'tcp';
  readonly clients: number;
  /** Questions under way at once, over all clients. */
  readonly outstanding: number;
  /** Questions a second; undefined: as fast as it goes. */
  readonly rate?: number;
  /** OPT with DO. */
  readonly dnssecOk?: boolean;
  /** Takes down the latency of each answer, which costs dnsperf a line of output each. */
  readonly latencies?: boolean;
  /** For dnsperf's output. */
  readonly folder: string;
}

/** What came of it. */
export interface Load {
  readonly completed: number;
  readonly lost: number;
  readonly queriesPerSecond: number;
  /** Share of each rcode, 0..1. */
  readonly rcodes: ReadonlyMap<string, number>;
  /** Octets of an answer, mean. */
  readonly answerOctets: number;
  /** ms each, in order of arrival; empty unless asked for. */
  readonly latencies: Float64Array;
}

/** @throws Error with dnsperf's words when it fails */
export async function load(options: LoadOptions): Promise<Load> {
  const args = ['-s', '127.0.0.1', '-p', String(options.port), '-d', options.queries];
  args.push('-l', String(options.seconds), '-m', options.transport, '-t', '2');
  args.push('-c', String(options.clients), '-q', String(options.outstanding));
  if (options.rate !== undefined) args.push('-Q', String(options.rate));
  if (options.dnssecOk === true) args.push('-e', '-D');
  if (options.latencies === true) args.push('-v');
  const output = join(options.folder, 'dnsperf.out');
  try {
    await runToFile('dnsperf', args, output);
    const text = readFileSync(output, 'utf8');
    return readOutput(text);
  } finally {
    rmSync(output, { force: true });
  }
}

async function runToFile(command: string, args: readonly string[], file: string): Promise<void> {
  const output = openSync(file, 'w');
  const started = endedWithParent(command, args);
  const child = spawn(started.command, started.args, { stdio: ['ignore', output, output] });
  closeSync(output);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) {
    const tail = readFileSync(file, 'utf8').slice(-2_000);
    throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}: ${tail}`);
  }
}

/** Takes the numbers out of dnsperf's report and, with -v, the lines `> RCODE NAME TYPE SECONDS`. */
export function readOutput(text: string): Load {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1]);
  const rcodes = new Map<string, number>();
  const line = /Response codes:\s+(.*)/.exec(text)?.[1] ?? '';
  for (const [, rcode = '', share] of line.matchAll(/(\w+) \d+ \(([\d.]+)%\)/g)) {
    rcodes.set(rcode, Number(share) / 100);
  }
  const latencies: number[] = [];
  for (const [, seconds] of text.matchAll(/^> \w+ .* ([\d.]+)$/gm)) {
    latencies.push(Number(seconds) * 1_000);
  }
  return {
    completed: number(/Queries completed:\s+(\d+)/),
    lost: number(/Queries lost:\s+(\d+)/),
    queriesPerSecond: number(/Queries per second:\s+([\d.]+)/),
    rcodes,
    answerOctets: number(/Average packet size:\s+request \d+, response (\d+)/),
    latencies: Float64Array.from(latencies),
  };
}
