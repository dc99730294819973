/** The frame of the command line: which command an argument list means; commands are loaded when asked for. */
import { CorefileFaults } from '../corefile/faults.js';
import { nearestName } from '../corefile/nearest-name.js';
import { SvcdnsError } from '../errors.js';
import type { Command, CommandIo } from './command.js';
import { parseServeArguments } from './serve-arguments.js';
import { versionText } from './version.js';

/** Commands in the order in which --help lists them; each is a module beside this one. */
const COMMANDS: ReadonlyMap<string, string> = new Map([
  ['serve', 'run the server (also without a command: svcdns -conf FILE)'],
  ['demo', 'run the server with a small Kubernetes API of its own, on 127.0.0.1:1053'],
  ['query', 'ask a name server: svcdns query NAME [TYPE] [@SERVER]'],
  ['explain', 'say how the running server comes to its answer: svcdns explain NAME [TYPE]'],
  [
    'env',
    'print the service variables that a pod starting now would get: svcdns env --namespace NS',
  ],
  ['check', 'say what a Corefile does, or every fault in it: svcdns check -conf FILE'],
]);

/** Loads a command's module by name. Passed in, so that the frame can be tried without the server. */
export type CommandLoader = (name: string) => Promise<unknown>;

/** Runs one command line (without node and script) and gives back its exit code; never rejects. */
export async function dispatch(
  argv: readonly string[],
  io: CommandIo,
  load: CommandLoader = loadCommand,
): Promise<number> {
  try {
    return await runCommand(argv, io, load);
  } catch (error) {
    return report(error, io);
  }
}

async function runCommand(
  argv: readonly string[],
  io: CommandIo,
  load: CommandLoader,
): Promise<number> {
  const [first, ...rest] = argv;
  if (first === 'help') {
    io.stdout(helpText());
    return 0;
  }
  if (first !== undefined && !first.startsWith('-')) {
    if (!COMMANDS.has(first)) throw unknownCommand(first);
    if (first !== 'serve') return (await commandOf(first, load)).run(rest, io);
  }
  const flags = first === 'serve' ? rest : argv;
  const { help, version, plugins } = parseServeArguments(flags);
  if (help) io.stdout(helpText());
  else if (version) io.stdout(await versionText());
  else if (plugins) io.stdout(await pluginsText());
  else return (await commandOf('serve', load)).run(flags, io);
  return 0;
}

async function commandOf(name: string, load: CommandLoader): Promise<Command> {
  const module = await load(name);
  if (isCommand(module)) return module;
  throw new Error(`command ${name} has no run function`);
}

function isCommand(module: unknown): module is Command {
  return (
    typeof module === 'object' &&
    module !== null &&
    'run' in module &&
    typeof module.run === 'function'
  );
}

async function loadCommand(name: string): Promise<unknown> {
  try {
    return await import(/* @vite-ignore */ `./${name}.js`);
  } catch (error) {
    const missing = error instanceof Error && error.message.includes(`cli/${name}.js`);
    if (!missing) throw error;
    throw new SvcdnsError('CLI_USAGE', `this svcdns does not have the command ${name} yet`, {
      mend: 'see svcdns --help for the others',
      cause: error,
    });
  }
}

/** The directives in execution order, one a line. */
async function pluginsText(): Promise<string> {
  const { PLUGIN_REGISTRY } = await import('../plugins/registry.js');
  return `${[...PLUGIN_REGISTRY.keys()].join('\n')}\n`;
}

function helpText(): string {
  const width = Math.max(...[...COMMANDS.keys()].map((name) => name.length));
  const lines = [...COMMANDS].map(([name, what]) => `  ${name.padEnd(width)}  ${what}\n`).join('');
  return `svcdns: Kubernetes cluster DNS server

usage: svcdns [COMMAND] [ARGUMENTS]

${lines}
flags of serve, as CoreDNS has them:
  -conf FILE             the Corefile; without it ./Corefile, else the built-in default
  -dns.port N, -p N      port of server blocks that name none (53)
  -pidfile FILE          write the process id there
  -quiet                 print nothing at start
  -log-format text|json  form of the log
  -plugins               list the directives in execution order
  -version               print the version
`;
}

function unknownCommand(name: string): SvcdnsError {
  const near = nearestName(name, COMMANDS.keys());
  const guess = near === undefined ? '' : `did you mean ${near}? `;
  const mend = `${guess}commands: ${[...COMMANDS.keys()].join(' ')}`;
  return new SvcdnsError('CLI_USAGE', `there is no command "${name}"`, { mend });
}

/** One line a fault for what the operator can mend; the stack for what only we can. */
function report(error: unknown, io: CommandIo): number {
  if (error instanceof CorefileFaults) {
    for (const fault of error.faults) io.stderr(`svcdns: ${fault.line}\n`);
    return 1;
  }
  if (error instanceof SvcdnsError) {
    io.stderr(`svcdns: ${error.line}\n`);
    if (error.code !== 'CLI_USAGE') return 1;
    io.stderr('svcdns: see svcdns --help\n');
    return 2;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr(`svcdns: internal fault, please report it: ${text}\n`);
  return 1;
}
