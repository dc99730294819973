/** The debug directive: debug lines in the log, and no recovery that would hide a fault of ours. */
import { noArguments, noOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import type { Plugin } from '../plugin.js';

/** There is nothing to choose. */
export type DebugOptions = Readonly<Record<string, never>>;

/** `debug`; CoreDNS lets it stand more than once (CoreDNS plugin/debug). */
export const debugPlugin: Plugin<DebugOptions> = {
  name: 'debug',
  repeatable: true,
  parse(directives: readonly Directive[]): DebugOptions {
    for (const directive of directives) {
      noArguments(directive);
      noOptions(directive);
    }
    return {};
  },
};
