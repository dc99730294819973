/** `svcdns check`: says what a Corefile makes the server do, or everything that is wrong with it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadPlan } from '../corefile/loader.js';
import type { Plan, PlannedBlock } from '../corefile/plan.js';
import { formatPlace, SvcdnsError } from '../errors.js';
import { fastWay } from '../plugins/kubernetes/fast-way.js';
import { PLUGIN_REGISTRY } from '../plugins/registry.js';
import type { CommandIo } from './command.js';
import { chooseCorefile } from './corefile-choice.js';
import { translateKubeDns } from './kube-dns-config.js';
import { parseServeArguments } from './serve-arguments.js';

const USAGE = `usage: svcdns check [-conf FILE] [-dns.port N]
       svcdns check --from-kube-dns FILE

Reads a Corefile with its imports. Without faults: a summary, exit 0; otherwise each fault on a line
of its own with file and line, exit 1. Nothing is started.

"fast way" says whether answers of the kubernetes directive leave its table without passing the other
directives of the block, and why.

--from-kube-dns FILE   print the Corefile that does what this ConfigMap of kube-dns says (YAML or JSON,
                       keys stubDomains and upstreamNameservers), or what of it has no counterpart
`;

/** @throws SvcdnsError CLI_USAGE */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const { kubeDnsFile, flags } = takeKubeDnsFile(argv);
  const { conf, port, help } = parseServeArguments(flags);
  if (help) {
    io.stdout(USAGE);
    return 0;
  }
  if (kubeDnsFile !== undefined) {
    if (flags.length > 0) throw usage('-from-kube-dns stands alone', 'remove the other flags');
    return fromKubeDns(kubeDnsFile, io);
  }
  const { path } = chooseCorefile(conf, io.cwd);
  const { plan, faults } = loadPlan(path, {
    env: io.env,
    cwd: io.cwd,
    registry: PLUGIN_REGISTRY,
    defaultPort: port,
  });
  if (faults !== undefined) {
    reportFaults(faults, path, io);
    return 1;
  }
  io.stdout(summary(plan));
  return 0;
}

/** Prints the Corefile that does what a ConfigMap of kube-dns says. */
function fromKubeDns(path: string, io: CommandIo): number {
  const { corefile, faults } = translateKubeDns(readConfigMap(resolve(io.cwd, path), path), path);
  if (faults !== undefined) {
    reportFaults(faults, path, io);
    return 1;
  }
  io.stdout(corefile);
  return 0;
}

function readConfigMap(absolute: string, path: string): string {
  try {
    return readFileSync(absolute, 'utf8');
  } catch (cause) {
    throw new SvcdnsError('FILE_UNREADABLE', `cannot read ${path}`, {
      mend: 'check that the file exists and that you may read it',
      cause,
    });
  }
}

/** Takes `-from-kube-dns FILE` (one dash or two, `=` or a blank) out of the arguments. */
function takeKubeDnsFile(argv: readonly string[]): {
  readonly kubeDnsFile: string | undefined;
  readonly flags: readonly string[];
} {
  let kubeDnsFile: string | undefined;
  const flags: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    const [isIt, value] = /^--?from-kube-dns(?:=(.*))?$/s.exec(argument) ?? [];
    if (isIt === undefined) {
      flags.push(argument);
      continue;
    }
    kubeDnsFile = value ?? argv[++at];
    if (kubeDnsFile === undefined || kubeDnsFile === '') {
      throw usage('-from-kube-dns lacks its value', 'write --from-kube-dns FILE');
    }
  }
  return { kubeDnsFile, flags };
}

function usage(message: string, mend: string): SvcdnsError {
  return new SvcdnsError('CLI_USAGE', message, { mend });
}

function reportFaults(faults: readonly SvcdnsError[], path: string, io: CommandIo): void {
  for (const fault of faults) io.stderr(`${fault.line}\n`);
  io.stderr(`${path}: ${counted(faults.length, 'fault')}\n`);
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
  const { possible, reason } = fastWay(block);
  return [
    `\nblock ${block.index + 1} at ${formatPlace(block.place)}`,
    `  zones       ${shown.join(' ')}`,
    `  ports       ${listeners}`,
    `  directives  ${names.length === 0 ? 'none: every query is refused' : names.join(' ')}`,
    `  fast way    ${possible ? 'yes' : 'no'}: ${reason}`,
    '',
  ].join('\n');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
