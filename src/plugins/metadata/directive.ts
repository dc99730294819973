/** The metadata directive: `metadata [ZONES...]`, taken without effect: no directive of ours waits for labels. */
import { noOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import { onlyDirective } from '../only-directive.js';
import type { ParseContext, Plugin } from '../plugin.js';

export interface MetadataOptions {
  /** Canonical. */
  readonly zones: readonly string[];
}

export const metadataPlugin: Plugin<MetadataOptions> = {
  name: 'metadata',
  repeatable: false,
  parse(directives: readonly Directive[], context: ParseContext): MetadataOptions {
    const directive = onlyDirective(directives);
    noOptions(directive);
    return { zones: zonesOfArguments(directive.args, context.zones, directive.place) };
  },
};
