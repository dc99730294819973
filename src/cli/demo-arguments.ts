/** The flags of `svcdns demo`. */
import { SvcdnsError } from '../errors.js';

/** Undefined: left to the default. */
export interface DemoArguments {
  readonly port: number;
  readonly apiPort: number;
  readonly manifests: string | undefined;
  readonly corefile: string | undefined;
  readonly help: boolean;
}

/** Above 1023: anybody may listen there. */
export const DEMO_PORT = 1053;

const FLAGS = ['dns.port', 'p', 'api-port', 'manifests', 'corefile'] as const;
type Flag = (typeof FLAGS)[number];

/** Reads the flags, with one or two dashes, as `-flag value` or `-flag=value`; throws CLI_USAGE. */
export function parseDemoArguments(argv: readonly string[]): DemoArguments {
  const values = new Map<Flag, string>();
  const rest = [...argv];
  let help = false;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [, name = '', , inline] = /^--?([^=]+)(=(.*))?$/s.exec(arg) ?? [];
    if (name === 'help' || name === 'h') {
      help = true;
      continue;
    }
    const flag = FLAGS.find((known) => known === name);
    if (flag === undefined) throw usage(`svcdns demo does not know ${arg}`);
    const value = inline ?? rest.shift();
    if (value === undefined || value === '') throw usage(`-${flag} needs a value`);
    values.set(flag, value);
  }
  return {
    port: parsePort('dns.port', values.get('dns.port') ?? values.get('p'), DEMO_PORT),
    apiPort: parsePort('api-port', values.get('api-port'), 0),
    manifests: values.get('manifests'),
    corefile: values.get('corefile'),
    help,
  };
}

function parsePort(flag: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw usage(`-${flag} takes a port from 0 to 65535, not ${text}`);
}

function usage(message: string): SvcdnsError {
  return new SvcdnsError('CLI_USAGE', message, {
    mend: 'svcdns demo [-dns.port N] [--manifests DIR] [--corefile FILE] [--api-port N]',
  });
}
