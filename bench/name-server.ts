/** svcdns and CoreDNS as processes of the benchmark, with the same Corefile. */
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { programPath } from '../test/cluster/build.js';
import { Daemon } from '../test/cluster/daemon.js';
import { freePorts } from '../test/cluster/free-port.js';
import { repositoryRoot } from '../test/cluster/repository.js';

/** A name server that runs. */
export interface NameServer {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** From the start of the process to ready, ms; undefined where readiness is not told. */
  readonly readyMs: number | undefined;
  stop(): Promise<void>;
}

/** What is started. */
export interface NameServerOptions {
  /** In the tables. */
  readonly name: string;
  readonly program: 'svcdns' | 'coredns';
  /** Temporary, for the Corefile and the log. */
  readonly folder: string;
  /** Lines of the kubernetes block that say where the API is. */
  readonly access: readonly string[];
  /** Where names outside the cluster go. */
  readonly upstreamPort?: number;
  /** What the cache directive covers; undefined: no such directive. */
  readonly cache?: 'outside' | 'everything';
  /** Further lines of the kubernetes block, and of the server block. */
  readonly kubernetes?: readonly string[];
  readonly directives?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const READY_DEADLINE_MS = 120_000;
const POLL_MS = 2;

/**
 * Starts it and waits until /ready says 200.
 * @throws Error with the end of its log when it ends before that
 */
export async function startNameServer(options: NameServerOptions): Promise<NameServer> {
  const [port = 0, ready = 0, health = 0, metrics = 0] = await freePorts(4);
  const corefile = join(options.folder, `Corefile.${port}`);
  writeFileSync(corefile, corefileText(options, { port, ready, health, metrics }));
  const [command, first] =
    options.program === 'coredns'
      ? [programPath('coredns'), []]
      : [process.execPath, [join(repositoryRoot(), 'bin', 'svcdns')]];
  const started = performance.now();
  const daemon = new Daemon({
    name: options.name,
    command,
    args: [...first, '-conf', corefile],
    logFile: join(options.folder, `${options.name.replaceAll(/\W+/g, '-')}.${port}.log`),
    environment: { KUBECONFIG: undefined, ...options.environment },
  });
  try {
    await untilReady(daemon, ready);
  } catch (error) {
    await daemon.stop('SIGKILL');
    throw error;
  }
  const readyMs = performance.now() - started;
  return { name: options.name, port, pid: daemon.pid, readyMs, stop: () => daemon.stop('SIGKILL') };
}

interface Ports {
  readonly port: number;
  readonly ready: number;
  readonly health: number;
  readonly metrics: number;
}

/** What a cluster has by default, less `loop` and `reload`, which answer no queries. */
function corefileText(options: NameServerOptions, ports: Ports): string {
  const { upstreamPort, cache } = options;
  const lines = [
    'errors',
    `health 127.0.0.1:${ports.health}`,
    `ready 127.0.0.1:${ports.ready}`,
    'kubernetes cluster.local in-addr.arpa ip6.arpa {',
    ...options.access.map((line) => `  ${line}`),
    '  pods insecure',
    '  fallthrough in-addr.arpa ip6.arpa',
    '  ttl 30',
    ...(options.kubernetes ?? []).map((line) => `  ${line}`),
    '}',
    `prometheus 127.0.0.1:${ports.metrics}`,
    ...(upstreamPort === undefined ? [] : [`forward . 127.0.0.1:${upstreamPort}`]),
    ...(cache === undefined ? [] : [cache === 'outside' ? 'cache 30 example.com' : 'cache 30']),
    'loadbalance',
    ...(options.directives ?? []),
  ];
  return `.:${ports.port} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
}

async function untilReady(daemon: Daemon, port: number): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  while ((await status(`http://127.0.0.1:${port}/ready`)) !== 200) {
    daemon.assertRunning();
    if (performance.now() > deadline) {
      throw new Error(`${daemon.name} is not ready; its log ends: ${daemon.log().slice(-2_000)}`);
    }
    await delay(POLL_MS);
  }
}

/** The status of a GET; 0 when nobody listens. */
async function status(url: string): Promise<number> {
  return new Promise((resolve) => {
    get(url, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    }).on('error', () => resolve(0));
  });
}
