/** The reload directive: how often the Corefile is compared with the one that runs. */
import { durationArgument } from '../../corefile/duration.js';
import { directiveFault } from '../../corefile/faults.js';
import { noOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { Plugin } from '../plugin.js';

export interface ReloadOptions {
  /** Milliseconds between two looks, at least 2000. */
  readonly intervalMs: number;
  /** Width of the random share of each interval in milliseconds: 0, or 1000 to half of the interval. */
  readonly jitterMs: number;
}

const MIN_INTERVAL_MS = 2_000;
const MIN_JITTER_MS = 1_000;

/** `reload [INTERVAL] [JITTER]`, default 30s and 15s (CoreDNS plugin/reload). */
export const reloadPlugin: Plugin<ReloadOptions> = {
  name: 'reload',
  repeatable: false,
  parse(directives: readonly Directive[]): ReloadOptions {
    const directive = onlyDirective(directives);
    const { args, place } = directive;
    if (args.length > 2) {
      throw directiveFault('reload takes an interval and a jitter', place, 'write reload 30s 15s');
    }
    noOptions(directive);
    const intervalMs = durationArgument(directive, args[0] ?? '30s');
    if (intervalMs < MIN_INTERVAL_MS) {
      throw directiveFault(`reload: interval ${args[0]} is too short`, place, 'write 2s or more');
    }
    const jitterMs = durationArgument(directive, args[1] ?? '15s');
    if (jitterMs !== 0 && jitterMs < MIN_JITTER_MS) {
      throw directiveFault(
        `reload: jitter ${args[1]} is too short`,
        place,
        'write 0s, or 1s or more',
      );
    }
    return { intervalMs, jitterMs: Math.min(jitterMs, intervalMs / 2) };
  },
};
