/** The loadbalance directive: the order of address records in answers. */
import { directiveFault } from '../../corefile/faults.js';
import { optionalArgument, readOptions, someArguments } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { reverseZones } from '../../corefile/reverse-zone.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { loadbalanceHandler } from './handler.js';

export interface LoadbalanceOptions {
  readonly policy: 'round_robin';
  /** CIDRs of which addresses come first, most wanted first; empty: none. */
  readonly prefer: readonly string[];
}

/** `loadbalance [round_robin] { prefer CIDR... }` (CoreDNS plugin/loadbalance); `weighted` is refused. */
export const loadbalancePlugin: Plugin<LoadbalanceOptions> = {
  name: 'loadbalance',
  repeatable: false,
  parse(directives: readonly Directive[]): LoadbalanceOptions {
    const directive = onlyDirective(directives);
    const { args, place } = directive;
    if (args[0] === 'weighted') {
      const mend = 'write loadbalance round_robin';
      throw directiveFault('loadbalance: svcdns has no policy weighted', place, mend);
    }
    const policy = optionalArgument(directive, 'policy') ?? 'round_robin';
    if (policy !== 'round_robin') {
      const mend = 'write loadbalance round_robin';
      throw directiveFault(`loadbalance: there is no policy "${policy}"`, place, mend);
    }
    const prefer: string[] = [];
    readOptions(directive, {
      prefer: (line) => {
        for (const cidr of someArguments(line, 'cidr')) {
          if (reverseZones(cidr) === undefined) {
            throw directiveFault(`prefer: "${cidr}" is no CIDR`, line.place, 'write ADDRESS/MASK');
          }
          prefer.push(cidr);
        }
      },
    });
    return { policy, prefer };
  },
  handler(options: LoadbalanceOptions, environment: DataEnvironment) {
    return loadbalanceHandler(options, environment);
  },
};
