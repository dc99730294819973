/** The workers directive: how many threads answer. */
import { integerArgument, noOptions, oneArgument } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { Plugin } from '../plugin.js';

/** Options of `workers`. */
export interface WorkersOptions {
  /** Data threads, 0..64; 0: the main thread answers (a sidecar). */
  readonly count: number;
}

/** Readers that a table has room for bound it; more threads than cores answer no faster. */
const MAX_WORKERS = 64;

/**
 * `workers COUNT`, ours. The server has one number of workers: the largest of its blocks. Without the
 * directive it follows the CPU limit of the control group.
 */
export const workersPlugin: Plugin<WorkersOptions> = {
  name: 'workers',
  repeatable: false,
  parse(directives: readonly Directive[]): WorkersOptions {
    const directive = onlyDirective(directives);
    noOptions(directive);
    const count = integerArgument(directive, oneArgument(directive, 'count'), {
      min: 0,
      max: MAX_WORKERS,
    });
    return { count };
  },
};
