/** The name server that the cases ask: the built svcdns as a process, or CoreDNS with the same Corefile. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrograms, programPath } from './build.js';
import { Daemon } from './daemon.js';
import { ask, dig, type Reply } from './dig.js';
import { eventually } from './eventually.js';
import { freePorts } from './free-port.js';
import { repositoryRoot } from './repository.js';

export type ServerName = 'svcdns' | 'coredns';

/** `SVCDNS_SERVER=coredns` runs the same cases on the peer. */
export function serverName(): ServerName {
  const given = process.env['SVCDNS_SERVER'] ?? 'svcdns';
  if (given === 'svcdns' || given === 'coredns') return given;
  throw new Error(`SVCDNS_SERVER is ${given}; it may be svcdns or coredns`);
}

export interface ServerOptions {
  /** Temporary folder for the Corefile and the log. */
  readonly folder: string;
  readonly kubeconfig: string;
  /** Lines of the kubernetes directive's block, besides kubeconfig. */
  readonly kubernetes?: readonly string[];
  /** Where names outside the cluster go; without it there is no forward directive. */
  readonly upstreamPort?: number;
  /** Default: what SVCDNS_SERVER says. */
  readonly server?: ServerName;
}

/** What an HTTP probe saw. */
export interface Probe {
  readonly status: number;
  readonly body: string;
}

export class ServerUnderTest {
  readonly port: number;
  readonly daemon: Daemon;
  readonly #readyPort: number;
  readonly #healthPort: number;

  private constructor(daemon: Daemon, ports: readonly number[]) {
    const [port = 0, readyPort = 0, healthPort = 0] = ports;
    this.daemon = daemon;
    this.port = port;
    this.#readyPort = readyPort;
    this.#healthPort = healthPort;
  }

  /** Starts it and waits until /ready says 200. */
  static async start(options: ServerOptions): Promise<ServerUnderTest> {
    const server = await ServerUnderTest.launch(options);
    try {
      await server.untilReady();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Starts it and waits until it serves probes; for a server that is not to become ready yet. */
  static async launch(options: ServerOptions): Promise<ServerUnderTest> {
    const name = options.server ?? serverName();
    if (name === 'coredns') await ensurePrograms(['coredns']);
    const ports = await freePorts(3);
    const corefile = join(options.folder, `Corefile.${ports[0]}`);
    writeFileSync(corefile, corefileText(options, ports));
    const [command, first] =
      name === 'coredns'
        ? [programPath('coredns'), []]
        : [process.execPath, [join(repositoryRoot(), 'bin', 'svcdns')]];
    const daemon = new Daemon({
      name,
      command,
      args: [...first, '-conf', corefile],
      logFile: join(options.folder, `${name}.${ports[0]}.log`),
      environment: { KUBECONFIG: undefined },
    });
    const server = new ServerUnderTest(daemon, ports);
    try {
      await eventually(() => server.health());
    } catch (error) {
      daemon.assertRunning();
      throw error;
    }
    return server;
  }

  /** By dig over UDP and kdig over TCP, which must agree. */
  async ask(name: string, type: string): Promise<Reply> {
    return ask(this.port, name, type);
  }

  /** By dig alone, with options of dig. */
  async dig(name: string, type: string, ...options: readonly string[]): Promise<Reply> {
    return dig(this.port, name, type, options);
  }

  async health(): Promise<Probe> {
    this.daemon.assertRunning();
    return probe(`http://127.0.0.1:${this.#healthPort}/health`);
  }

  async ready(): Promise<Probe> {
    this.daemon.assertRunning();
    return probe(`http://127.0.0.1:${this.#readyPort}/ready`);
  }

  async untilReady(): Promise<void> {
    await eventually(async () => {
      const { status, body } = await this.ready();
      if (status !== 200) throw new Error(`/ready says ${status} ${body}; ${this.daemon.log()}`);
    });
  }

  async stop(): Promise<void> {
    await this.daemon.stop();
  }
}

/** Only directives and forms that both servers know. */
function corefileText(options: ServerOptions, ports: readonly number[]): string {
  const [port, readyPort, healthPort] = ports;
  const forward =
    options.upstreamPort === undefined ? [] : [`forward . 127.0.0.1:${options.upstreamPort}`];
  return [
    `.:${port} {`,
    '  errors',
    `  health 127.0.0.1:${healthPort}`,
    `  ready 127.0.0.1:${readyPort}`,
    '  kubernetes cluster.local in-addr.arpa ip6.arpa {',
    `    kubeconfig ${options.kubeconfig}`,
    ...(options.kubernetes ?? []).map((line) => `    ${line}`),
    '  }',
    ...forward.map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n');
}

async function probe(url: string): Promise<Probe> {
  const response = await fetch(url);
  return { status: response.status, body: (await response.text()).trim() };
}
