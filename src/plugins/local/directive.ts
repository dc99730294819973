/** The local directive: `local { localhost_prefix on|off }` (CoreDNS plugin/local). */
import { noArguments, oneOf, readOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { localHandler } from './handler.js';

export interface LocalOptions {
  /** Whether `localhost.<domain>` is this host too: what a search list makes of the name. */
  readonly localhostPrefix: boolean;
}

export const localPlugin: Plugin<LocalOptions> = {
  name: 'local',
  repeatable: false,
  parse(directives: readonly Directive[]): LocalOptions {
    const directive = onlyDirective(directives);
    noArguments(directive);
    let localhostPrefix = true;
    readOptions(directive, {
      localhost_prefix: (line) => {
        localhostPrefix = oneOf(line, ['on', 'off'] as const) === 'on';
      },
    });
    return { localhostPrefix };
  },
  handler(options: LocalOptions, environment: DataEnvironment) {
    return localHandler(options, environment);
  },
};
