/** The loop directive: looks once after start whether the server's own queries come back to it. */
import { noArguments, noOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { ParseContext, Plugin } from '../plugin.js';
import { LoopHandler } from './handler.js';

export interface LoopOptions {
  /** Canonical zone under which the probe's random name lies: the block's first. */
  readonly zone: string;
}

/** `loop` (CoreDNS plugin/loop). */
export const loopPlugin: Plugin<LoopOptions> = {
  name: 'loop',
  repeatable: false,
  parse(directives: readonly Directive[], context: ParseContext): LoopOptions {
    const directive = onlyDirective(directives);
    noArguments(directive);
    noOptions(directive);
    return { zone: context.zones[0] ?? '.' };
  },
  handler: (options, environment) => new LoopHandler(options, environment),
};
