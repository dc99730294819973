/** The ready directive: where /ready is served and whether readiness is looked at again once reached. */
import { type ListenAddress, listenAddressArgument } from '../../corefile/listen-address.js';
import { oneOf, optionalArgument, readOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { Plugin } from '../plugin.js';

export interface ReadyOptions {
  readonly address: ListenAddress;
  /** `until-ready`: a part that was ready once is not asked again. */
  readonly monitor: 'until-ready' | 'continuously';
}

/** `ready [ADDRESS] { monitor until-ready|continuously }`, default :8181 (CoreDNS plugin/ready). */
export const readyPlugin: Plugin<ReadyOptions> = {
  name: 'ready',
  repeatable: false,
  parse(directives: readonly Directive[]): ReadyOptions {
    const directive = onlyDirective(directives);
    const address = optionalArgument(directive, 'address');
    let monitor: ReadyOptions['monitor'] = 'until-ready';
    readOptions(directive, {
      monitor: (line) => {
        monitor = oneOf(line, ['until-ready', 'continuously']);
      },
    });
    return { address: listenAddressArgument(directive, address ?? ':8181'), monitor };
  },
};
