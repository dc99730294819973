/** The chaos directive: `chaos [VERSION] [AUTHORS...]` (CoreDNS plugin/chaos). */
import { directiveFault } from '../../corefile/faults.js';
import { noOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { chaosHandler } from './handler.js';

export interface ChaosOptions {
  /** Without it the server's own name. */
  readonly version?: string;
  readonly authors: readonly string[];
}

/** Octets of a character string (RFC 1035 §3.3). */
const MAX_STRING = 255;

export const chaosPlugin: Plugin<ChaosOptions> = {
  name: 'chaos',
  repeatable: false,
  parse(directives: readonly Directive[]): ChaosOptions {
    const directive = onlyDirective(directives);
    noOptions(directive);
    const long = directive.args.find((text) => Buffer.byteLength(text) > MAX_STRING);
    if (long !== undefined) {
      const mend = `write at most ${MAX_STRING} octets`;
      throw directiveFault(`chaos: "${long.slice(0, 20)}..." is too long`, directive.place, mend);
    }
    const [version, ...authors] = directive.args;
    return version === undefined ? { authors } : { version, authors };
  },
  handler(options: ChaosOptions, environment: DataEnvironment) {
    return chaosHandler(options, environment);
  },
};
