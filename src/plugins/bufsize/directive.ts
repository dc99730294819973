/** The bufsize directive: the largest UDP answer, whatever the client announces. */
import { integerArgument, noOptions, optionalArgument } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { Plugin } from '../plugin.js';

export interface BufsizeOptions {
  /** Octets, 512..4096. */
  readonly sizeBytes: number;
}

/** The size that passes nearly every path unfragmented (DNS flag day 2020). */
const DEFAULT_SIZE = '1232';

/** `bufsize [SIZE]` (CoreDNS plugin/bufsize). */
export const bufsizePlugin: Plugin<BufsizeOptions> = {
  name: 'bufsize',
  repeatable: false,
  parse(directives: readonly Directive[]): BufsizeOptions {
    const directive = onlyDirective(directives);
    const text = optionalArgument(directive, 'size') ?? DEFAULT_SIZE;
    noOptions(directive);
    return { sizeBytes: integerArgument(directive, text, { min: 512, max: 4096 }) };
  },
};
