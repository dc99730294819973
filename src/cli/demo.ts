/** `svcdns demo`: the server with a small Kubernetes API of its own, until a signal ends it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CorefileFaults } from '../corefile/faults.js';
import { loadPlan, planText } from '../corefile/loader.js';
import type { Plan } from '../corefile/plan.js';
import { EmbeddedApi } from '../embedded/embedded-api.js';
import { ManifestDirectory } from '../embedded/manifest-directory.js';
import { SvcdnsError } from '../errors.js';
import { createPinoLogger } from '../observe/pino-logger.js';
import { PLUGIN_REGISTRY } from '../plugins/registry.js';
import { type RunningServer, startServer } from '../server.js';
import type { CommandIo } from './command.js';
import { DEMO_PORT, type DemoArguments, parseDemoArguments } from './demo-arguments.js';
import { demoCorefile, demoIntroduction } from './demo-text.js';

const HOST = '127.0.0.1';
const RESOLV_CONF = '/etc/resolv.conf';
/** How long a deleted pod is seen terminating. */
const TERMINATION_MS = 1500;
const FREE_PORT_TRIES = 10;

/** Runs the demo; 0 after a clean end. */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const args = parseDemoArguments(argv);
  if (args.help) {
    io.stdout(helpText());
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'svcdns-demo-'));
  const api = new EmbeddedApi({
    port: args.apiPort,
    dns: { address: HOST, port: args.port || DEMO_PORT },
    terminationMs: TERMINATION_MS,
  });
  const directory = manifestsFolder(args, io);
  const manifests = new ManifestDirectory({
    directory,
    api,
    onFault: (fault) => io.stderr(`svcdns: ${fault.line}\n`),
  });
  let server: RunningServer | undefined;
  try {
    await startApi(api);
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, api.kubeconfig(), { mode: 0o600 });
    manifests.load();
    manifests.watch();
    server = await startDns(args, kubeconfig, io);
    await server.ready;
    const port = server.listeners[0]?.port ?? args.port;
    io.stdout(demoIntroduction({ port, api, kubeconfig, directory, command: commandPath() }));
    await aborted(io.signal);
    io.stdout('\nstopping\n');
  } finally {
    manifests.close();
    await server?.close();
    await api.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return 0;
}

async function startApi(api: EmbeddedApi): Promise<void> {
  try {
    await api.start();
  } catch (error) {
    throw withMend(error, 'choose another port with --api-port N, or leave the flag out');
  }
}

async function startDns(
  args: DemoArguments,
  kubeconfig: string,
  io: CommandIo,
): Promise<RunningServer> {
  const plan = readPlan(args, kubeconfig, io);
  const logger = await createPinoLogger({ readable: io.terminal, fd: 2, level: 'warn' });
  // A Corefile brought along finds the demo's API by $KUBECONFIG, even inside a pod.
  const { KUBERNETES_SERVICE_HOST: _host, ...env } = io.env;
  // A free UDP port (-dns.port 0) may be taken on TCP: then another one is tried.
  for (let left = args.port === 0 ? FREE_PORT_TRIES : 1; ; left -= 1) {
    try {
      return await startServer({ plan, logger, env: { ...env, KUBECONFIG: kubeconfig } });
    } catch (error) {
      if (left > 1 && isInUse(error)) continue;
      throw withMend(error, 'choose another port with -dns.port N');
    }
  }
}

/** @throws CorefileFaults with every fault of a Corefile that was brought along */
function readPlan(args: DemoArguments, kubeconfig: string, io: CommandIo): Plan {
  const options = {
    env: io.env,
    registry: PLUGIN_REGISTRY,
    defaultPort: args.port,
    cwd: io.cwd,
  };
  const result =
    args.corefile === undefined
      ? planText(
          demoCorefile({ port: args.port, kubeconfig, forwardTo: resolvConf() }),
          "the demo's Corefile",
          options,
        )
      : loadPlan(args.corefile, options);
  if ('faults' in result) throw new CorefileFaults(result.faults);
  return result.plan;
}

/** The machine's own resolv.conf, if it names a server. */
function resolvConf(): string | undefined {
  if (!existsSync(RESOLV_CONF)) return undefined;
  return /^nameserver\s/m.test(readFileSync(RESOLV_CONF, 'utf8')) ? RESOLV_CONF : undefined;
}

function manifestsFolder(args: DemoArguments, io: CommandIo): string {
  if (args.manifests !== undefined) return resolve(io.cwd, args.manifests);
  // src/cli and dist/cli are equally deep
  return fileURLToPath(new URL('../../config/demo', import.meta.url));
}

/** The executable that this module belongs to, for lines to try. */
function commandPath(): string {
  return fileURLToPath(new URL('../../bin/svcdns', import.meta.url));
}

function withMend(error: unknown, mend: string): unknown {
  if (!isInUse(error)) return error;
  const where = error.where === undefined ? {} : { where: error.where };
  return new SvcdnsError(error.code, error.message, { ...where, mend, cause: error });
}

function isInUse(error: unknown): error is SvcdnsError {
  return error instanceof SvcdnsError && error.code === 'ADDRESS_IN_USE';
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}

function helpText(): string {
  return `usage: svcdns demo [-dns.port N] [--manifests DIR] [--corefile FILE] [--api-port N]

  -dns.port N, -p N   port of the DNS server on ${HOST} (${DEMO_PORT})
  --manifests DIR     folder of manifests, applied live (the sample services of svcdns)
  --corefile FILE     a Corefile of your own instead of the demo's
  --api-port N        port of the Kubernetes API on ${HOST} (a free one)
`;
}
