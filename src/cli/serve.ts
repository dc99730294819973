/** `svcdns [serve]`: the server, from a Corefile until a signal ends it. */
import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CorefileFaults } from '../corefile/faults.js';
import { loadPlan } from '../corefile/loader.js';
import type { Plan } from '../corefile/plan.js';
import type { PlanResult } from '../corefile/planner.js';
import { cpuLimit } from '../cpu-limit.js';
import { SvcdnsError } from '../errors.js';
import { createPinoLogger } from '../observe/pino-logger.js';
import { PLUGIN_REGISTRY } from '../plugins/registry.js';
import { Reloader } from '../reloader.js';
import { startServer } from '../server.js';
import type { CommandIo } from './command.js';
import { chooseCorefile } from './corefile-choice.js';
import { parseServeArguments, type ServeArguments } from './serve-arguments.js';
import { packageVersion } from './version.js';

/** More threads than this only where `workers` asks for them: each costs some 10 MB. */
const MAX_DEFAULT_WORKERS = 4;

/** Runs the server; 0 after a clean end. */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const args = parseServeArguments(argv);
  const load = (): PlanResult => readPlan(args, io);
  const plan = planOrThrow(load());
  const readable = args.logFormat === undefined ? io.terminal : args.logFormat === 'text';
  const logger = await createPinoLogger({ readable });
  const server = await startServer({
    plan,
    logger,
    env: io.env,
    version: packageVersion(),
    defaultWorkers: Math.min(cpuLimit(), MAX_DEFAULT_WORKERS),
  });
  const pidfile = args.pidfile === undefined ? undefined : resolve(io.cwd, args.pidfile);
  const reloader = new Reloader({ server, load, logger, random: () => Math.random() });
  const forgetOrders = io.onReload(() => void reloader.reload());
  try {
    if (pidfile !== undefined) writePid(pidfile);
    if (!args.quiet) announce(plan, server.listeners, io);
    await aborted(io.signal);
    logger.info({}, 'stopping');
  } finally {
    forgetOrders();
    reloader.close();
    await server.close();
    if (pidfile !== undefined) rmSync(pidfile, { force: true });
  }
  return 0;
}

function readPlan(args: ServeArguments, io: CommandIo): PlanResult {
  const { path } = chooseCorefile(args.conf, io.cwd);
  return loadPlan(path, {
    env: io.env,
    registry: PLUGIN_REGISTRY,
    defaultPort: args.port,
    cwd: io.cwd,
  });
}

/** @throws CorefileFaults with every fault */
function planOrThrow(result: PlanResult): Plan {
  if (result.faults !== undefined) throw new CorefileFaults(result.faults);
  return result.plan;
}

/** As CoreDNS prints at start: one line a zone and port. */
function announce(
  plan: Plan,
  listeners: Awaited<ReturnType<typeof startServer>>['listeners'],
  io: CommandIo,
): void {
  for (const { addresses } of plan.blocks) {
    for (const { zone, port } of addresses) {
      const bound = port === 0 ? (listeners[0]?.port ?? 0) : port;
      io.stdout(`${zone}:${bound}\n`);
    }
  }
}

function writePid(file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch (cause) {
    throw new SvcdnsError('FILE_UNREADABLE', `the pid file can't be written`, {
      where: file,
      mend: 'name a file in a folder that this user may write to with -pidfile',
      cause,
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}
