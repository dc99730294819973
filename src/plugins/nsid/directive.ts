/** The nsid directive: `nsid [DATA]` (CoreDNS plugin/nsid). */
import { noOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { nsidHandler } from './handler.js';

export interface NsidOptions {
  /** Without it the host's name. */
  readonly text?: string;
}

export const nsidPlugin: Plugin<NsidOptions> = {
  name: 'nsid',
  repeatable: false,
  parse(directives: readonly Directive[]): NsidOptions {
    const directive = onlyDirective(directives);
    noOptions(directive);
    return directive.args.length === 0 ? {} : { text: directive.args.join(' ') };
  },
  handler(options: NsidOptions, _environment: DataEnvironment) {
    return nsidHandler(options);
  },
};
