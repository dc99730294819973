/** The flags of the server: CoreDNS's own, in Go's flag syntax (one dash or two, `=` or a blank). */
import { nearestName } from '../corefile/nearest-name.js';
import { SvcdnsError } from '../errors.js';

export interface ServeArguments {
  /** `-conf FILE`; undefined: ./Corefile, else the built-in default (corefile-choice.ts). */
  readonly conf: string | undefined;
  /** `-dns.port N` or `-p N`: port of server blocks that name none, 0..65535; 53 by default. */
  readonly port: number;
  /** `-pidfile FILE` */
  readonly pidfile: string | undefined;
  /** `-quiet`: nothing is printed at start. */
  readonly quiet: boolean;
  /** `-log-format text|json`; undefined: as the terminal suggests. */
  readonly logFormat: 'text' | 'json' | undefined;
  readonly plugins: boolean;
  readonly version: boolean;
  readonly help: boolean;
}

const TEXT_FLAGS = ['conf', 'dns.port', 'p', 'pidfile', 'log-format'] as const;
const SWITCHES = ['quiet', 'plugins', 'version', 'help', 'h'] as const;
type TextFlag = (typeof TEXT_FLAGS)[number];
type Switch = (typeof SWITCHES)[number];

/** What Go's strconv.ParseBool takes. */
const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** Reads the flags; as in Go the last of a repeated one wins. @throws SvcdnsError CLI_USAGE */
export function parseServeArguments(argv: readonly string[]): ServeArguments {
  const { texts, switches } = readFlags(argv);
  const logFormat = texts.get('log-format');
  if (logFormat !== undefined && logFormat !== 'text' && logFormat !== 'json') {
    throw usage(`-log-format: there is no format "${logFormat}"`, 'write text or json');
  }
  return {
    conf: texts.get('conf'),
    port: portOf(texts.get('dns.port') ?? '53'),
    pidfile: texts.get('pidfile'),
    quiet: switches.has('quiet'),
    logFormat,
    plugins: switches.has('plugins'),
    version: switches.has('version'),
    help: switches.has('help'),
  };
}

interface Flags {
  readonly texts: ReadonlyMap<TextFlag, string>;
  readonly switches: ReadonlySet<Switch>;
}

function readFlags(argv: readonly string[]): Flags {
  const texts = new Map<TextFlag, string>();
  const switches = new Set<Switch>();
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    const [, name, value] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) throw surplus(argument);
    const text = TEXT_FLAGS.find((flag) => flag === name);
    const toggle = SWITCHES.find((flag) => flag === name);
    if (text !== undefined) {
      const given = value ?? argv[++at];
      if (given === undefined) throw usage(`-${name} lacks its value`, `write -${name} VALUE`);
      texts.set(text === 'p' ? 'dns.port' : text, given);
    } else if (toggle !== undefined) {
      if (isTrue(toggle, value ?? 'true')) switches.add(toggle === 'h' ? 'help' : toggle);
      else switches.delete(toggle);
    } else {
      throw unknownFlag(name);
    }
  }
  return { texts, switches };
}

function isTrue(flag: Switch, value: string): boolean {
  if (TRUE.has(value)) return true;
  if (FALSE.has(value)) return false;
  throw usage(`-${flag} is on or off, not "${value}"`, `write -${flag}`);
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65535) return port;
  throw usage(`-dns.port: "${text}" is no port`, 'write a number from 0 to 65535');
}

function unknownFlag(name: string): SvcdnsError {
  const known = [...TEXT_FLAGS, ...SWITCHES].filter((flag) => flag.length > 1);
  const near = nearestName(name, known);
  const guess = near === undefined ? '' : `did you mean -${near}? `;
  return usage(
    `there is no flag -${name}`,
    `${guess}known: ${known.map((flag) => `-${flag}`).join(' ')} -p`,
  );
}

function surplus(argument: string): SvcdnsError {
  return usage(`"${argument}" is not expected here`, 'flags start with a dash');
}

function usage(message: string, mend: string): SvcdnsError {
  return new SvcdnsError('CLI_USAGE', message, { mend });
}
