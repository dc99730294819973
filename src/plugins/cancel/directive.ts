/** The cancel directive: `cancel [TIMEOUT]` (CoreDNS plugin/cancel). */
import { durationArgument } from '../../corefile/duration.js';
import { directiveFault } from '../../corefile/faults.js';
import { noOptions, optionalArgument } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { systemClock } from '../forward/clock.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { cancelHandler } from './handler.js';

export interface CancelOptions {
  readonly timeoutMs: number;
}

/** By default clients give up after 5 s. */
const DEFAULT_TIMEOUT = '5001ms';

export const cancelPlugin: Plugin<CancelOptions> = {
  name: 'cancel',
  repeatable: false,
  parse(directives: readonly Directive[]): CancelOptions {
    const directive = onlyDirective(directives);
    noOptions(directive);
    const text = optionalArgument(directive, 'timeout') ?? DEFAULT_TIMEOUT;
    const timeoutMs = durationArgument(directive, text);
    if (timeoutMs > 0) return { timeoutMs };
    throw directiveFault('cancel: the timeout has to be more than 0', directive.place, 'write 5s');
  },
  handler(options: CancelOptions, environment: DataEnvironment) {
    return cancelHandler(
      options,
      systemClock(() => environment.now()),
    );
  },
};
