/** The transfer directive: `transfer [ZONES...] { to ADDRESS... }` (CoreDNS plugin/transfer). */
import { directiveFault } from '../../corefile/faults.js';
import { readOptions, someArguments } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import { canonicalAddress } from '../../dns/address.js';
import { type Network, networkFromText } from '../network.js';
import type { DataEnvironment, ParseContext, Plugin } from '../plugin.js';
import { transferHandler } from './handler.js';
import type { NotifyTarget, TransferOptions, TransferStanza } from './options.js';

const DNS_PORT = 53;

/** May stand more than once; the longest zone decides. */
export const transferPlugin: Plugin<TransferOptions> = {
  name: 'transfer',
  repeatable: true,
  parse(directives: readonly Directive[], context: ParseContext): TransferOptions {
    return { stanzas: directives.map((directive) => stanzaOf(directive, context)) };
  },
  handler(options: TransferOptions, environment: DataEnvironment) {
    return transferHandler(options, environment);
  },
};

function stanzaOf(directive: Directive, context: ParseContext): TransferStanza {
  const zones = zonesOfArguments(directive.args, context.zones, directive.place);
  const networks: Network[] = [];
  const notify: NotifyTarget[] = [];
  let anybody = false;
  readOptions(directive, {
    to: (line) => {
      for (const text of someArguments(line, 'address')) {
        if (text === '*') {
          anybody = true;
          continue;
        }
        const network = networkFromText(text.includes('/') ? text : hostOf(text));
        if (network === undefined) throw noAddress(text, line);
        networks.push(network);
        if (!text.includes('/')) notify.push(targetOf(text, line));
      }
    },
  });
  if (!anybody && networks.length === 0) {
    const message = 'transfer does not say to whom';
    throw directiveFault(message, directive.place, 'add to ADDRESS... or to *');
  }
  return { zones, anybody, networks, notify };
}

const WITH_PORT = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d{1,5})$/;

/** The address of `IP`, `IP:PORT` or `[IPv6]:PORT`. */
function hostOf(text: string): string {
  const [, v6, v4] = WITH_PORT.exec(text) ?? [];
  return v6 ?? v4 ?? text;
}

function targetOf(text: string, line: Directive): NotifyTarget {
  const address = canonicalAddress(hostOf(text));
  const port = Number(WITH_PORT.exec(text)?.[3] ?? DNS_PORT);
  if (address === undefined || port < 1 || port > 65_535) throw noAddress(text, line);
  return { address, port };
}

function noAddress(text: string, { place }: Directive): Error {
  const mend = 'write *, IP, IP:PORT, [IPv6]:PORT or ADDRESS/MASK';
  return directiveFault(`to: "${text}" is no address`, place, mend);
}
