/** The https directive: limits of https:// blocks (CoreDNS plugin/https). */
import {
  integerArgument,
  noArguments,
  oneArgument,
  readOptions,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { Plugin } from '../plugin.js';

export interface HttpsPluginOptions {
  /** Connections of the listener at once; Infinity: as many as come. */
  readonly maxConnections?: number;
}

/** `https { max_connections N }`. */
export const httpsPlugin: Plugin<HttpsPluginOptions> = {
  name: 'https',
  repeatable: false,
  parse(directives: readonly Directive[]): HttpsPluginOptions {
    const directive = onlyDirective(directives);
    noArguments(directive);
    let options: HttpsPluginOptions = {};
    readOptions(directive, {
      max_connections: (line) => {
        const count = integerArgument(line, oneArgument(line, 'count'), {
          min: 0,
          max: 2 ** 31 - 1,
        });
        options = { maxConnections: count === 0 ? Number.POSITIVE_INFINITY : count };
      },
    });
    return options;
  },
};
