/** `svcdns check`: says what a Corefile makes the server do, or everything that is wrong with it. */
import { loadPlan } from '../corefile/loader.js';
import type { Plan, PlannedBlock } from '../corefile/plan.js';
import { formatPlace } from '../errors.js';
import { PLUGIN_REGISTRY } from '../plugins/registry.js';
import type { CommandIo } from './command.js';
import { chooseCorefile } from './corefile-choice.js';
import { parseServeArguments } from './serve-arguments.js';

const USAGE = `usage: svcdns check [-conf FILE] [-dns.port N]

Reads a Corefile with its imports. Without faults: a summary, exit 0; otherwise each fault on a line
of its own with file and line, exit 1. Nothing is started.
`;

/** @throws SvcdnsError CLI_USAGE */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const { conf, port, help } = parseServeArguments(argv);
  if (help) {
    io.stdout(USAGE);
    return 0;
  }
  const { path } = chooseCorefile(conf, io.cwd);
  const { plan, faults } = loadPlan(path, {
    env: io.env,
    cwd: io.cwd,
    registry: PLUGIN_REGISTRY,
    defaultPort: port,
  });
  if (faults !== undefined) {
    for (const fault of faults) io.stderr(`${fault.line}\n`);
    io.stderr(`${path}: ${counted(faults.length, 'fault')}\n`);
    return 1;
  }
  io.stdout(summary(plan));
  return 0;
}

/** The plan in a few lines for people. */
export function summary(plan: Plan): string {
  const blocks = plan.blocks.map(blockSummary).join('');
  return `${plan.file}: ${counted(plan.blocks.length, 'server block')}, no faults\n${blocks}`;
}

function blockSummary(block: PlannedBlock): string {
  const listeners = [
    ...new Set(block.addresses.map(({ scheme, port }) => `${scheme}://:${port}`)),
  ].join(' ');
  const zones = [...new Set(block.addresses.map(({ zone }) => zone))];
  const shown = zones.length > 8 ? [...zones.slice(0, 8), `and ${zones.length - 8} more`] : zones;
  const names = block.directives.map(({ name }) => name);
  return [
    `\nblock ${block.index + 1} at ${formatPlace(block.place)}`,
    `  zones       ${shown.join(' ')}`,
    `  ports       ${listeners}`,
    `  directives  ${names.length === 0 ? 'none: every query is refused' : names.join(' ')}`,
    '',
  ].join('\n');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
