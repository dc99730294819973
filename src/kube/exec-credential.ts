/** Credentials from a client-go exec plugin (client.authentication.k8s.io v1 and v1beta1). */
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { SvcdnsError } from '../errors.js';
import { asArray, asObject, type JsonObject, objectAt, parseJson, textAt } from './json-value.js';
import type { KubeClock } from './kube-clock.js';
import { invalid, type KubeconfigEntry, pathOf } from './kubeconfig-file.js';

const VERSIONS: ReadonlySet<string> = new Set([
  'client.authentication.k8s.io/v1',
  'client.authentication.k8s.io/v1beta1',
]);
/** Some plugins fetch a token over the network; none may hold the watch up for good. */
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** Asked for anew this long before it expires, so that a request in flight is still good. */
const EARLY_MS = 10_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** What to run, as the kubeconfig's user.exec says. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** spec.cluster of ExecCredential where provideClusterInfo is set. */
  readonly cluster: JsonObject | undefined;
  readonly installHint: string;
  readonly where: string;
}

/** A plugin's answer; at least one of token and certificate is there. */
export interface ExecCredential {
  readonly token: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Wall-clock milliseconds, Infinity when it does not expire. */
  readonly expiresAt: number;
}

/**
 * Reads user.exec.
 * @throws SvcdnsError KUBECONFIG_INVALID for versions and modes that can't work in a server.
 */
export function execPluginOf(
  user: KubeconfigEntry,
  cluster: JsonObject | undefined,
): ExecPlugin | undefined {
  const exec = asObject(user.value['exec']);
  if (exec === undefined) return undefined;
  const where = `${user.file}: user ${user.name}: exec`;
  const apiVersion = textAt(exec, 'apiVersion');
  if (!VERSIONS.has(apiVersion)) {
    throw invalid(
      where,
      `apiVersion ${JSON.stringify(apiVersion)} is not spoken`,
      'use client.authentication.k8s.io/v1',
    );
  }
  const command = textAt(exec, 'command');
  if (command === '') throw invalid(where, 'command is missing', 'name the program to run');
  if (exec['interactiveMode'] === 'Always') {
    throw invalid(where, 'the plugin needs a terminal', 'use a plugin that runs without one');
  }
  return {
    apiVersion,
    // a bare name is looked for in $PATH, a path is relative to the kubeconfig
    command: command.includes('/') ? pathOf(user, command) : command,
    args: asArray(exec['args']).map(String),
    env: Object.fromEntries(asArray(exec['env']).map((pair) => envPair(pair, where))),
    cluster: exec['provideClusterInfo'] === true ? cluster : undefined,
    installHint: textAt(exec, 'installHint'),
    where,
  };
}

function envPair(pair: unknown, where: string): [string, string] {
  const entry = asObject(pair) ?? {};
  const name = textAt(entry, 'name');
  if (name === '') throw invalid(where, 'an entry under env has no name', 'give it a name');
  return [name, textAt(entry, 'value')];
}

/** Runs the plugin when there is no credential or it is about to expire; calls at the same time share a run. */
export class ExecCredentialSource {
  readonly #plugin: ExecPlugin;
  readonly #env: Environment;
  readonly #clock: KubeClock;
  #credential: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;

  constructor(plugin: ExecPlugin, env: Environment, clock: KubeClock) {
    this.#plugin = plugin;
    this.#env = env;
    this.#clock = clock;
  }

  /** @throws SvcdnsError KUBE_CREDENTIALS when the plugin fails or answers with something else. */
  async read(): Promise<ExecCredential> {
    const known = this.#credential;
    if (known !== undefined && this.#clock.wallClock() < known.expiresAt - EARLY_MS) return known;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  expire(): void {
    this.#credential = undefined;
  }

  async #run(): Promise<ExecCredential> {
    const output = await runPlugin(this.#plugin, this.#env);
    const credential = parseCredential(this.#plugin, output);
    this.#credential = credential;
    return credential;
  }
}

function runPlugin(plugin: ExecPlugin, env: Environment): Promise<string> {
  const info = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(plugin.cluster === undefined ? {} : { cluster: plugin.cluster }),
    },
  };
  return new Promise((resolve, reject) => {
    const child = execFile(
      plugin.command,
      [...plugin.args],
      {
        env: { ...env, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
        timeout: TIMEOUT_MS,
        maxBuffer: MAX_OUTPUT_BYTES,
        encoding: 'utf8',
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(pluginFailed(plugin, error, stderr));
      },
    );
    child.stdin?.end();
  });
}

function pluginFailed(plugin: ExecPlugin, error: Error, stderr: string): SvcdnsError {
  const name = basename(plugin.command);
  const missing = 'code' in error && error.code === 'ENOENT';
  const said = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  const message = missing
    ? `the credential plugin ${name} was not found`
    : `the credential plugin ${name} failed${said === '' ? '' : `: ${said}`}`;
  const hint = plugin.installHint.trim().split('\n')[0] ?? '';
  const mend = missing && hint !== '' ? hint : `run ${name} by hand and mend what it says`;
  return new SvcdnsError('KUBE_CREDENTIALS', message, { where: plugin.where, mend, cause: error });
}

function parseCredential(plugin: ExecPlugin, output: string): ExecCredential {
  const root = asObject(parseJson(output)) ?? {};
  const status = objectAt(root, 'status');
  const token = textAt(status, 'token');
  const cert = textAt(status, 'clientCertificateData');
  const key = textAt(status, 'clientKeyData');
  const fits =
    root['kind'] === 'ExecCredential' &&
    root['apiVersion'] === plugin.apiVersion &&
    (token !== '' || (cert !== '' && key !== ''));
  if (!fits) {
    throw new SvcdnsError(
      'KUBE_CREDENTIALS',
      `the credential plugin ${basename(plugin.command)} gave no ExecCredential of ${plugin.apiVersion} with a token or certificate`,
      { where: plugin.where, mend: 'run it by hand and check its output' },
    );
  }
  const expiry = Date.parse(textAt(status, 'expirationTimestamp'));
  return {
    token: token === '' ? undefined : token,
    cert: cert === '' ? undefined : cert,
    key: key === '' ? undefined : key,
    expiresAt: Number.isNaN(expiry) ? Number.POSITIVE_INFINITY : expiry,
  };
}
