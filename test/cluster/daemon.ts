/** A long-running program of the cluster suite: started with a log of its own, ended with the test run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';

export interface DaemonOptions {
  /** What messages and the log file call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to (or, with undefined, taken from) the environment of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Both outputs are appended to this file. */
  readonly logFile: string;
}

/** Part of util-linux, which every Debian has. */
const SETPRIV = '/usr/bin/setpriv';

/** The same command, ended by the kernel when this process ends, however that comes about. */
export function endedWithParent(
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  if (!existsSync(SETPRIV)) return { command, args };
  return { command: SETPRIV, args: ['--pdeathsig', 'KILL', command, ...args] };
}

export class Daemon {
  readonly name: string;
  readonly #logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #killAtExit = (): void => {
    this.#child.kill('SIGKILL');
  };

  constructor(options: DaemonOptions) {
    this.name = options.name;
    this.#logFile = options.logFile;
    const log = openSync(options.logFile, 'a');
    const { command, args } = endedWithParent(options.command, options.args);
    this.#child = spawn(command, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...options.environment },
    });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve());
      this.#child.once('exit', () => resolve());
    });
    process.once('exit', this.#killAtExit);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** The code it ended with, `null` after a signal, `undefined` while it runs. */
  get exitCode(): number | null | undefined {
    const running = this.#child.exitCode === null && this.#child.signalCode === null;
    return running ? undefined : this.#child.exitCode;
  }

  /** All that it has said so far. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** @throws Error with the end of its log when it is no longer running. */
  assertRunning(): void {
    if (this.exitCode === undefined) return;
    const tail = this.log().split('\n').slice(-30).join('\n');
    throw new Error(
      `${this.name} ended with ${String(this.exitCode)}; its log ends with:\n${tail}`,
    );
  }

  /** Resolves once it has ended by itself. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  /** Asks it to end, insists after 10 s, and resolves when it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    process.removeListener('exit', this.#killAtExit);
    if (this.exitCode !== undefined) return;
    this.#child.kill(signal);
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(insist);
  }
}
