/** Server blocks to the typed plan: zones and ports of the keys, options by the plugin that owns each directive. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { formatPlace, type Place, SvcdnsError } from '../errors.js';
import { EXECUTION_ORDER, UNSUPPORTED_DIRECTIVES } from '../plugins/order.js';
import type { ParseContext, Plugin } from '../plugins/plugin.js';
import { encryptionFaults, type SocketCertificates } from './encryption.js';
import { directiveFault, gatherFaults, syntaxFault } from './faults.js';
import { nearestName } from './nearest-name.js';
import type { ParsedCorefile } from './parser.js';
import type {
  BlockAddress,
  Directive,
  Plan,
  PlannedBlock,
  PlannedDirective,
  ServerBlock,
} from './plan.js';
import { addressesOfKey } from './server-key.js';

/** What planning depends on besides the text. */
export interface PlanSurroundings {
  /** Name of the Corefile, for the plan and for places. */
  readonly file: string;
  /** Its folder, absolute. */
  readonly directory: string;
  readonly registry: ReadonlyMap<string, Plugin<unknown>>;
  /** Port of keys that name neither a port nor a scheme (-dns.port). */
  readonly defaultPort: number;
  /** The text of a file by its absolute path; anything thrown means that it cannot be read. */
  readFile(path: string): string;
}

/** Either the whole plan, or everything that is wrong, in the order of files and lines. */
export type PlanResult =
  | { readonly plan: Plan; readonly faults?: never }
  | { readonly plan?: never; readonly faults: readonly SvcdnsError[] };

/** Makes the plan of what was parsed; faults of the grammar come out with those found here. */
export function planCorefile(parsed: ParsedCorefile, surroundings: PlanSurroundings): PlanResult {
  const faults = [...parsed.faults];
  const owners = new Map<string, Place>();
  const certificates: SocketCertificates = new Map();
  const blocks = parsed.blocks.map((block, index): PlannedBlock => {
    const addresses = planAddresses(block, surroundings.defaultPort, faults);
    faults.push(...overlaps(block, addresses, owners));
    faults.push(...encryptionFaults(block, addresses, certificates));
    const directives = planDirectives(block, addresses, surroundings, faults);
    return { index, place: block.place, addresses, directives };
  });
  if (blocks.length === 0 && faults.length === 0) {
    const place = { file: surroundings.file, line: 1 };
    faults.push(syntaxFault('there is no server block', place, 'write one, as .:53 { ... }'));
  }
  if (faults.length > 0) return { faults: inOrder(faults, surroundings.file) };
  return { plan: { file: surroundings.file, hash: hashOf(parsed.blocks), blocks } };
}

/** SHA-512 in hex over keys, directives and arguments: neither comments nor layout make a difference. */
function hashOf(blocks: readonly ServerBlock[]): string {
  const words = (directive: Directive): unknown[] => [
    directive.name,
    directive.args,
    directive.body.map(words),
  ];
  const text = JSON.stringify(blocks.map((block) => [block.keys, block.directives.map(words)]));
  return createHash('sha512').update(text).digest('hex');
}

function planAddresses(
  block: ServerBlock,
  defaultPort: number,
  faults: SvcdnsError[],
): readonly BlockAddress[] {
  const addresses: BlockAddress[] = [];
  for (const key of block.keys) {
    gatherFaults(faults, () => {
      addresses.push(...addressesOfKey(key, block.place, defaultPort));
    });
  }
  return addresses;
}

/**
 * A zone may be served once on each address and port. As in CoreDNS a block without `bind` listens on
 * all addresses, and so shares its zone and port with no other.
 */
function overlaps(
  block: ServerBlock,
  addresses: readonly BlockAddress[],
  owners: Map<string, Place>,
): SvcdnsError[] {
  const bound = block.directives
    .filter((directive) => directive.name === 'bind')
    .flatMap((directive) => directive.args);
  const hosts = bound.length === 0 ? ['*'] : new Set(bound);
  const faults = new Map<string, SvcdnsError>();
  for (const { scheme, zone, port } of addresses) {
    const key = `${scheme}://${zone}:${port}`;
    for (const host of hosts) {
      const owner =
        owners.get(`${key} on ${host}`) ?? owners.get(`${key} on ${host === '*' ? 'some' : '*'}`);
      if (owner !== undefined && !faults.has(key))
        faults.set(key, overlap(key, block.place, owner));
      owners.set(`${key} on ${host}`, block.place);
      if (host !== '*') owners.set(`${key} on some`, block.place);
    }
  }
  return [...faults.values()];
}

function overlap(key: string, place: Place, owner: Place): SvcdnsError {
  return syntaxFault(
    `${key} is already served by the block at ${formatPlace(owner)}`,
    place,
    'remove one of them, or give each block a bind address of its own',
  );
}

/** The directives of a block in execution order, occurrences of one name together. */
function planDirectives(
  block: ServerBlock,
  addresses: readonly BlockAddress[],
  surroundings: PlanSurroundings,
  faults: SvcdnsError[],
): readonly PlannedDirective[] {
  const { registry } = surroundings;
  const context = parseContext(addresses, surroundings);
  const occurrences = new Map<string, [Directive, ...Directive[]]>();
  for (const directive of block.directives) {
    const earlier = occurrences.get(directive.name);
    if (!registry.has(directive.name)) faults.push(unknownDirective(directive, registry));
    else if (earlier === undefined) occurrences.set(directive.name, [directive]);
    else earlier.push(directive);
  }
  const planned: PlannedDirective[] = [];
  for (const [name, plugin] of registry) {
    const [first, ...more] = occurrences.get(name) ?? [];
    if (first === undefined) continue;
    const repeats = plugin.repeatable ? more : [];
    if (!plugin.repeatable) faults.push(...more.map((extra) => standsTwice(extra, first)));
    gatherFaults(faults, () => {
      const options = plugin.parse([first, ...repeats], context);
      planned.push({ name, place: first.place, options });
    });
  }
  return planned.sort((a, b) => EXECUTION_ORDER.indexOf(a.name) - EXECUTION_ORDER.indexOf(b.name));
}

function parseContext(
  addresses: readonly BlockAddress[],
  { directory, readFile }: PlanSurroundings,
): ParseContext {
  return {
    addresses,
    zones: [...new Set(addresses.map((address) => address.zone))],
    directory,
    readFile: (path, place) => {
      try {
        return readFile(resolve(directory, path));
      } catch (cause) {
        throw new SvcdnsError('FILE_UNREADABLE', `cannot read ${path}`, {
          where: place,
          mend: 'check that the file exists and that the server may read it',
          cause,
        });
      }
    },
  };
}

function standsTwice(extra: Directive, first: Directive): SvcdnsError {
  return directiveFault(
    `${extra.name} stands twice in this block, first at ${formatPlace(first.place)}`,
    extra.place,
    'keep one of them',
  );
}

function unknownDirective(
  { name, place }: Directive,
  registry: ReadonlyMap<string, Plugin<unknown>>,
): SvcdnsError {
  const known = [...registry.keys()];
  const instead = UNSUPPORTED_DIRECTIVES.get(name);
  if (instead !== undefined) {
    return directiveFault(`svcdns does not have CoreDNS's directive ${name}`, place, instead);
  }
  if (EXECUTION_ORDER.includes(name)) {
    const message = `this svcdns does not have the directive ${name} yet`;
    return directiveFault(message, place, `known: ${known.join(', ')}`);
  }
  const near = nearestName(name, [...known, 'import']);
  const guess = near === undefined ? '' : `did you mean ${near}? `;
  return directiveFault(
    `there is no directive "${name}"`,
    place,
    `${guess}known: ${known.join(', ')}`,
  );
}

/** The Corefile first, then by file and line; a fault that a snippet brings in twice is told once. */
function inOrder(faults: readonly SvcdnsError[], first: string): readonly SvcdnsError[] {
  const unique = [...new Map(faults.map((fault) => [fault.line, fault])).values()];
  const place = ({ where }: SvcdnsError): Place =>
    typeof where === 'object' ? where : { file: where ?? '', line: 0 };
  return unique.sort((a, b) => {
    const [left, right] = [place(a), place(b)];
    if (left.file === right.file) return left.line - right.line;
    if (left.file === first) return -1;
    return right.file === first || left.file > right.file ? 1 : -1;
  });
}
