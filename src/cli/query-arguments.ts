/** The command line of `svcdns query`: dig's words, options and flags. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { addressFromText, reverseNameOf } from '../dns/address.js';
import { nameFromWire, nameToWire } from '../dns/name.js';
import { RRCLASS, type RRClass, rrclassCode } from '../dns/rrclass.js';
import { RRTYPE, type RRType, rrtypeCode } from '../dns/rrtype.js';
import { SvcdnsError } from '../errors.js';
import { DEFAULT_UDP_LIMIT } from '../wire/header.js';
import type { CommandIo } from './command.js';

/** Environment variable with the default server: `ADDRESS`, `ADDRESS:PORT`, `[IPv6]:PORT` or `ADDRESS#PORT`. */
export const SERVER_VARIABLE = 'SVCDNS_SERVER';

/** Which parts of a reply are printed. */
export type OutputPart =
  | 'cmd'
  | 'comments'
  | 'question'
  | 'answer'
  | 'authority'
  | 'additional'
  | 'stats';

/** What is to be asked, of whom, how, and what is to be shown of it. */
export interface QueryArguments {
  /** Text form; with its final dot when it was written so. */
  readonly name: string;
  readonly type: RRType;
  readonly class: RRClass;
  /** Address or host name. */
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
  /** Whether a truncated reply is asked for again over TCP. */
  readonly retryOverTcp: boolean;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  readonly authenticData: boolean;
  /** Absent: no OPT record is sent. */
  readonly edns?: { readonly udpSize: number; readonly dnssecOk: boolean };
  readonly timeoutMs: number;
  /** How often a question is sent over UDP, 1..10. */
  readonly tries: number;
  readonly short: boolean;
  readonly show: ReadonlySet<OutputPart>;
  /** Namespace of the pod whose search list is walked. */
  readonly namespace?: string;
  /** Cluster zone without its final dot. */
  readonly zone: string;
  readonly ndots: number;
}

/** What the arguments ask for: help, or a query. */
export type QueryRequest = { readonly help: true } | ({ readonly help: false } & QueryArguments);

const ALL_PARTS: readonly OutputPart[] = [
  'cmd',
  'comments',
  'question',
  'answer',
  'authority',
  'additional',
  'stats',
];

/** What options change while they are read. */
interface Draft {
  words: string[];
  server: string | undefined;
  port: number | undefined;
  type: RRType | undefined;
  class: RRClass | undefined;
  reverse: string | undefined;
  namespace: string | undefined;
  zone: string;
  ndots: number;
  tcp: boolean;
  retryOverTcp: boolean;
  recurse: boolean;
  checkingDisabled: boolean;
  authenticData: boolean;
  edns: boolean;
  dnssec: boolean;
  bufsize: number;
  timeSeconds: number;
  tries: number;
  short: boolean;
  show: Set<OutputPart>;
}

/**
 * Reads the arguments behind `query`.
 * @throws SvcdnsError CLI_USAGE
 */
export function parseQueryArguments(argv: readonly string[], env: CommandIo['env']): QueryRequest {
  const draft = emptyDraft();
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '-h' || word === '--help') return { help: true };
    if (word.startsWith('@')) draft.server = word.slice(1);
    else if (word.startsWith('+')) plusOption(word, draft);
    else if (word.startsWith('-')) flag(word, rest, draft);
    else draft.words.push(word);
  }
  return finish(draft, env);
}

function emptyDraft(): Draft {
  return {
    words: [],
    server: undefined,
    port: undefined,
    type: undefined,
    class: undefined,
    reverse: undefined,
    namespace: undefined,
    zone: 'cluster.local',
    ndots: 5,
    tcp: false,
    retryOverTcp: true,
    recurse: true,
    checkingDisabled: false,
    authenticData: false,
    edns: false,
    dnssec: false,
    bufsize: DEFAULT_UDP_LIMIT,
    timeSeconds: 2,
    tries: 3,
    short: false,
    show: new Set(ALL_PARTS),
  };
}

/** `-p 1053`, `--port=1053`: flags take their value from behind `=` or from the next word. */
function flag(word: string, rest: string[], draft: Draft): void {
  const cut = word.startsWith('--') ? word.indexOf('=') : -1;
  const name = cut < 0 ? word : word.slice(0, cut);
  const value = (): string => {
    const found = cut < 0 ? rest.shift() : word.slice(cut + 1);
    if (found === undefined || found === '') throw usage(`${name} needs a value`);
    return found;
  };
  switch (name) {
    case '-p':
    case '--port':
      draft.port = number(name, value(), 1, 65_535);
      break;
    case '-t':
      draft.type = typeOf(value());
      break;
    case '-c':
      draft.class = classOf(value());
      break;
    case '-q':
      draft.words.unshift(value());
      break;
    case '-x':
      draft.reverse = value();
      break;
    case '-n':
    case '--namespace':
      draft.namespace = value();
      break;
    case '--zone':
      draft.zone = value().replace(/\.$/, '');
      break;
    case '--ndots':
      draft.ndots = number(name, value(), 0, 15);
      break;
    default:
      throw usage(`there is no flag ${name}`);
  }
}

/** Options that are on or off: `+name` and `+noname`. */
const SWITCHES: Readonly<Record<string, (draft: Draft, on: boolean) => void>> = {
  tcp: (draft, on) => {
    draft.tcp = on;
  },
  short: (draft, on) => {
    draft.short = on;
  },
  ignore: (draft, on) => {
    draft.retryOverTcp = !on;
  },
  'tcp-retry': (draft, on) => {
    draft.retryOverTcp = on;
  },
  recurse: (draft, on) => {
    draft.recurse = on;
  },
  cdflag: (draft, on) => {
    draft.checkingDisabled = on;
  },
  adflag: (draft, on) => {
    draft.authenticData = on;
  },
  dnssec: (draft, on) => {
    draft.dnssec = on;
    if (on) draft.edns = true;
  },
  edns: (draft, on) => {
    draft.edns = on;
    if (!on) draft.dnssec = false;
  },
  all: (draft, on) => {
    draft.show = new Set(on ? ALL_PARTS : []);
  },
};
const SYNONYMS: Readonly<Record<string, string>> = {
  vc: 'tcp',
  rec: 'recurse',
  rdflag: 'recurse',
  cd: 'cdflag',
  ad: 'adflag',
  do: 'dnssec',
  timeout: 'time',
};

function plusOption(word: string, draft: Draft): void {
  const [written = '', value] = word.slice(1).split('=', 2);
  const isNegated = written.startsWith('no');
  const bare = isNegated ? written.slice(2) : written;
  const name = SYNONYMS[bare] ?? bare;
  const part = ALL_PARTS.find((one) => one === name);
  const change = Object.hasOwn(SWITCHES, name) ? SWITCHES[name] : undefined;
  if (value === undefined && part !== undefined) {
    if (isNegated) draft.show.delete(part);
    else draft.show.add(part);
  } else if (value === undefined && change !== undefined) {
    change(draft, !isNegated);
  } else if (value !== undefined && !isNegated) {
    numberOption(name, value, draft);
  } else {
    throw usage(`there is no option ${word}`);
  }
}

function numberOption(name: string, value: string, draft: Draft): void {
  switch (name) {
    case 'bufsize':
      draft.bufsize = number('+bufsize', value, 0, 65_535);
      draft.edns = true;
      break;
    case 'time':
      draft.timeSeconds = number('+time', value, 1, 300);
      break;
    case 'tries':
      draft.tries = number('+tries', value, 1, 10);
      break;
    case 'retry':
      draft.tries = number('+retry', value, 0, 9) + 1;
      break;
    default:
      throw usage(`there is no option +${name}=`);
  }
}

function finish(draft: Draft, env: CommandIo['env']): QueryRequest {
  const { host, port } = serverOf(draft.server ?? env[SERVER_VARIABLE] ?? '127.0.0.1');
  const question = draft.reverse === undefined ? questionOf(draft) : reverseQuestion(draft);
  const { bufsize: udpSize, dnssec: dnssecOk, namespace } = draft;
  return {
    help: false,
    ...question,
    host,
    port: draft.port ?? port ?? 53,
    transport: draft.tcp ? 'tcp' : 'udp',
    retryOverTcp: draft.retryOverTcp,
    recursionDesired: draft.recurse,
    checkingDisabled: draft.checkingDisabled,
    authenticData: draft.authenticData,
    ...(draft.edns ? { edns: { udpSize, dnssecOk } } : {}),
    timeoutMs: draft.timeSeconds * 1000,
    tries: draft.tries,
    short: draft.short,
    show: draft.show,
    ...(namespace === undefined ? {} : { namespace }),
    zone: draft.zone,
    ndots: draft.ndots,
  };
}

type AskedQuestion = Pick<QueryArguments, 'name' | 'type' | 'class'>;

function reverseQuestion(draft: Draft): AskedQuestion {
  const address = addressFromText(draft.reverse ?? '');
  if (address === undefined) throw usage(`-x ${draft.reverse} is no address`);
  if (draft.words.length > 0) throw usage(`${draft.words[0]} is too much beside -x`);
  return {
    name: reverseNameOf(address),
    type: draft.type ?? RRTYPE.PTR,
    class: draft.class ?? RRCLASS.IN,
  };
}

/** The bare words: a name, then perhaps a type and a class; like dig, a type may also stand in front. */
function questionOf(draft: Draft): AskedQuestion {
  const words = [...draft.words];
  const [first, second] = words;
  if (first === undefined) throw usage('a NAME is missing');
  const isSwapped =
    second !== undefined && rrtypeCode(first) !== undefined && codeOf(second) === undefined;
  if (isSwapped) words.splice(0, 2, second, first);
  let { type, class: rrclass } = draft;
  for (const word of words.slice(1)) {
    const asType = rrtypeCode(word);
    const asClass = rrclassCode(word);
    if (asType !== undefined && type === undefined) type = asType;
    else if (asClass !== undefined && rrclass === undefined) rrclass = asClass;
    else throw usage(`"${word}" is neither a type nor a class, or one too many`);
  }
  return {
    name: nameOf(words[0] ?? ''),
    type: type ?? RRTYPE.A,
    class: rrclass ?? RRCLASS.IN,
  };
}

function codeOf(word: string): number | undefined {
  return rrtypeCode(word) ?? rrclassCode(word);
}

/** Text form of what was typed; other scripts in their punycode form (RFC 5891). */
function nameOf(typed: string): string {
  const isAscii = /^[\x20-\x7e]*$/.test(typed);
  const ascii = isAscii ? typed : domainToASCII(typed);
  if (ascii === '') throw usage(`"${typed}" is no domain name`);
  let normal: string;
  try {
    normal = nameFromWire(nameToWire(ascii), 0)?.name ?? ascii;
  } catch (cause) {
    if (cause instanceof SvcdnsError) throw usage(cause.message);
    throw cause;
  }
  const isAbsolute = /(?:^|[^\\])(?:\\\\)*\.$/.test(ascii);
  return isAbsolute ? normal : normal.slice(0, -1);
}

function serverOf(text: string): { host: string; port: number | undefined } {
  if (isIP(text) !== 0) return { host: text, port: undefined };
  const found = /^(?:\[([^\]]+)\]|([^:#]+)|([^#]+(?=#)))(?:[:#](\d+))?$/.exec(text);
  const host = found?.[1] ?? found?.[2] ?? found?.[3];
  if (found === null || host === undefined) throw usage(`"${text}" is no server`);
  const port = found[4] === undefined ? undefined : number('the port', found[4], 1, 65_535);
  return { host, port };
}

function typeOf(text: string): RRType {
  const type = rrtypeCode(text);
  if (type === undefined) throw usage(`"${text}" is no record type`);
  return type;
}

function classOf(text: string): RRClass {
  const rrclass = rrclassCode(text);
  if (rrclass === undefined) throw usage(`"${text}" is no class`);
  return rrclass;
}

function number(what: string, text: string, min: number, max: number): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) < min || Number(text) > max) {
    throw usage(`${what} has to be a number from ${min} to ${max}, not "${text}"`);
  }
  return Number(text);
}

function usage(what: string): SvcdnsError {
  return new SvcdnsError('CLI_USAGE', what, { mend: 'see svcdns query --help' });
}
