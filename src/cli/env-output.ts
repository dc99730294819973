/** Service variables as text: for a shell, an env file, or as a map in JSON or YAML. */
import type { ServiceVariable } from '../records/service-variables.js';

export const ENV_FORMATS = ['sh', 'dotenv', 'json', 'yaml'] as const;
export type EnvFormat = (typeof ENV_FORMATS)[number];

/** What a shell takes as a name; a service's may begin with a digit since Kubernetes 1.34. */
const SHELL_NAME = /^[A-Z_][A-Z0-9_]*$/;
/** Values that a shell leaves alone without quotes; those of IPv6 services hold brackets. */
const PLAIN_VALUE = /^[\w./:-]+$/;

/** The variables in their order; empty maps for none. */
export function formatVariables(variables: readonly ServiceVariable[], format: EnvFormat): string {
  switch (format) {
    case 'sh':
      return variables.map(shellLine).join('');
    case 'dotenv':
      // docker --env-file takes values as they are, quotes and all
      return variables.map(({ name, value }) => `${name}=${value}\n`).join('');
    case 'json': {
      const map = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
      return `${JSON.stringify(map, null, 2)}\n`;
    }
    case 'yaml':
      if (variables.length === 0) return '{}\n';
      // always quoted: a ConfigMap wants texts, and 6379 were a number
      return variables.map(({ name, value }) => `${name}: ${JSON.stringify(value)}\n`).join('');
  }
}

function shellLine({ name, value }: ServiceVariable): string {
  const quoted = PLAIN_VALUE.test(value) ? value : `'${value}'`;
  // a container has it all the same, but a shell would stop at the line
  return SHELL_NAME.test(name) ? `${name}=${quoted}\n` : `# ${name}=${quoted}\n`;
}
