/** The health directive: where /health is served and how long the server goes on after SIGTERM. */
import { durationArgument } from '../../corefile/duration.js';
import { type ListenAddress, listenAddressArgument } from '../../corefile/listen-address.js';
import { oneArgument, optionalArgument, readOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { Plugin } from '../plugin.js';

export interface HealthOptions {
  readonly address: ListenAddress;
  /** Milliseconds of answering on between the order to stop and the stop; 0: none. */
  readonly lameduckMs: number;
}

/** `health [ADDRESS] { lameduck DURATION }`, default :8080 (CoreDNS plugin/health). */
export const healthPlugin: Plugin<HealthOptions> = {
  name: 'health',
  repeatable: false,
  parse(directives: readonly Directive[]): HealthOptions {
    const directive = onlyDirective(directives);
    const address = optionalArgument(directive, 'address');
    let lameduckMs = 0;
    readOptions(directive, {
      lameduck: (line) => {
        lameduckMs = durationArgument(line, oneArgument(line, 'duration'));
      },
    });
    return { address: listenAddressArgument(directive, address ?? ':8080'), lameduckMs };
  },
};
