/** The flags of `svcdns env`. */
import { nearestName } from '../corefile/nearest-name.js';
import { SvcdnsError } from '../errors.js';
import { isDnsLabel } from '../kube/cut-meta.js';
import { ENV_FORMATS, type EnvFormat } from './env-output.js';

export interface EnvArguments {
  readonly namespace: string;
  /** Wall-clock milliseconds; undefined: now. */
  readonly startedAt: number | undefined;
  readonly serviceLinks: boolean;
  readonly format: EnvFormat;
  /** As it was written; relative to the working folder. */
  readonly kubeconfig: string | undefined;
}

const VALUE_FLAGS = ['namespace', 'n', 'pod-started-at', 'format', 'kubeconfig'] as const;
type ValueFlag = (typeof VALUE_FLAGS)[number];
const SWITCHES = ['no-service-links', 'help', 'h'] as const;
const FLAGS: readonly string[] = [...VALUE_FLAGS, ...SWITCHES];

/** RFC 3339 §5.6, as `kubectl get pod -o yaml` prints times. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

export const ENV_USAGE: string = `usage: svcdns env --namespace NS [FLAGS]

Prints the variables that a kubelet gives a container starting in namespace NS for the services that
are there: <SVC>_SERVICE_HOST, <SVC>_SERVICE_PORT and the Docker links of each port, and always those
of the service kubernetes.

  --namespace NS, -n NS    the pod's namespace
  --pod-started-at TIME    leave out services created after TIME (2026-01-31T12:00:00Z)
  --no-service-links       as for a pod with enableServiceLinks: false
  --format sh|dotenv|json|yaml
                           lines for a shell (sh), for an env file, or a map (sh)
  --kubeconfig FILE        which cluster; else the pod's own account, else $KUBECONFIG
`;

/**
 * Reads the flags, with one or two dashes, as `--flag value` or `--flag=value`; undefined: help is wanted.
 * @throws SvcdnsError CLI_USAGE
 */
export function parseEnvArguments(argv: readonly string[]): EnvArguments | undefined {
  const values = new Map<ValueFlag, string>();
  const rest = [...argv];
  let serviceLinks = true;
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name = '', , inline] = /^--?([^=]+)(=(.*))?$/s.exec(word) ?? [];
    const flag = VALUE_FLAGS.find((known) => known === name);
    if (flag !== undefined) {
      const value = inline ?? rest.shift() ?? '';
      if (value === '') throw usage(`--${flag} needs a value`);
      values.set(flag, value);
    } else if (inline !== undefined || !SWITCHES.some((known) => known === name)) {
      throw unknown(word, name);
    } else if (name === 'no-service-links') serviceLinks = false;
    else return undefined;
  }
  return {
    namespace: namespaceOf(values.get('namespace') ?? values.get('n')),
    startedAt: timeOf(values.get('pod-started-at')),
    serviceLinks,
    format: formatOf(values.get('format')),
    kubeconfig: values.get('kubeconfig'),
  };
}

function namespaceOf(text: string | undefined): string {
  if (text === undefined) {
    throw usage('a namespace is needed', 'svcdns env --namespace NS');
  }
  if (isDnsLabel(text)) return text;
  throw usage(`--namespace: ${JSON.stringify(text)} can't be the name of a namespace`);
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw usage(
    `--pod-started-at: ${JSON.stringify(text)} is no time`,
    'write it as 2026-01-31T12:00:00Z (RFC 3339)',
  );
}

function formatOf(text: string | undefined): EnvFormat {
  const format = ENV_FORMATS.find((known) => known === (text ?? 'sh'));
  if (format !== undefined) return format;
  throw usage(`--format: there is no format ${text}`, `formats: ${ENV_FORMATS.join(' ')}`);
}

function unknown(word: string, name: string): SvcdnsError {
  if (!word.startsWith('-'))
    return usage(`"${word}" is not expected here`, 'see svcdns env --help');
  const near = nearestName(name, FLAGS);
  const guess = near === undefined ? '' : `did you mean --${near}? `;
  return usage(`svcdns env does not know ${word}`, `${guess}see svcdns env --help`);
}

function usage(message: string, mend = 'see svcdns env --help'): SvcdnsError {
  return new SvcdnsError('CLI_USAGE', message, { mend });
}
