/** The dns64 directive: `dns64 [PREFIX] { ... }` (CoreDNS plugin/dns64). */
import { directiveFault } from '../../corefile/faults.js';
import {
  noArguments,
  oneArgument,
  optionalArgument,
  readOptions,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { type Network, networkFromText } from '../network.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { PREFIX_BITS } from './embedded-address.js';
import { dns64Handler } from './handler.js';
import type { Dns64Options } from './options.js';

/** The well-known prefix (RFC 6052 §2.1). */
const WELL_KNOWN = '64:ff9b::/96';

export const dns64Plugin: Plugin<Dns64Options> = {
  name: 'dns64',
  repeatable: false,
  parse(directives: readonly Directive[]): Dns64Options {
    const directive = onlyDirective(directives);
    let prefix = prefixOf(optionalArgument(directive, 'prefix') ?? WELL_KNOWN, directive);
    let translateAll = false;
    let allowIpv4 = false;
    readOptions(directive, {
      prefix: (line) => {
        prefix = prefixOf(oneArgument(line, 'prefix'), line);
      },
      translate_all: (line) => {
        noArguments(line);
        translateAll = true;
      },
      allow_ipv4: (line) => {
        noArguments(line);
        allowIpv4 = true;
      },
    });
    return { prefix: prefix.octets, prefixBits: prefix.maskBits, translateAll, allowIpv4 };
  },
  handler(options: Dns64Options, environment: DataEnvironment) {
    return dns64Handler(options, environment);
  },
};

function prefixOf(text: string, { place }: Directive): Network {
  const network = text.includes('/') ? networkFromText(text) : undefined;
  const mend = `write IPV6/BITS with BITS one of ${PREFIX_BITS.join(', ')}`;
  if (network?.octets.length !== 16) {
    throw directiveFault(`dns64: "${text}" is no IPv6 prefix`, place, mend);
  }
  if (!PREFIX_BITS.includes(network.maskBits)) {
    throw directiveFault(`dns64: a prefix has no ${network.maskBits} bits`, place, mend);
  }
  // bits 64 to 71 have to be 0 (RFC 6052 §2.2)
  if (network.octets[8] !== 0) {
    throw directiveFault(`dns64: bits 64 to 71 of "${text}" are not 0`, place, mend);
  }
  return network;
}
