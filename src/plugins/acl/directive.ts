/** The acl directive: `acl [ZONES...] { ACTION [type QTYPE...] [net SOURCE...] }` (CoreDNS plugin/acl). */
import { directiveFault } from '../../corefile/faults.js';
import { type OptionReaders, readOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import { type RRType, rrtypeCode } from '../../dns/rrtype.js';
import { type Network, networkFromText } from '../network.js';
import type { DataEnvironment, ParseContext, Plugin } from '../plugin.js';
import { aclHandler } from './handler.js';
import { ACL_ACTIONS, type AclAction, type AclOptions, type AclPolicy } from './options.js';

/** May stand more than once; each is a rule with its zones. */
export const aclPlugin: Plugin<AclOptions> = {
  name: 'acl',
  repeatable: true,
  parse(directives: readonly Directive[], context: ParseContext): AclOptions {
    return {
      rules: directives.map((directive) => {
        const zones = zonesOfArguments(directive.args, context.zones, directive.place);
        const policies: AclPolicy[] = [];
        readOptions(directive, readersOf(policies));
        return { zones, policies };
      }),
    };
  },
  handler(options: AclOptions, environment: DataEnvironment) {
    return aclHandler(options, environment);
  },
};

function readersOf(policies: AclPolicy[]): OptionReaders {
  const reader =
    (action: AclAction) =>
    (line: Directive): void => {
      policies.push(policyOf(action, line));
    };
  return Object.fromEntries(ACL_ACTIONS.map((action) => [action, reader(action)]));
}

/** `type` and `net` part the words; `*` stands for all. */
function policyOf(action: AclAction, line: Directive): AclPolicy {
  const words: { type: string[]; net: string[] } = { type: [], net: [] };
  let section: 'type' | 'net' | undefined;
  for (const word of line.args) {
    const opens = word.toLowerCase();
    if (opens === 'type' || opens === 'net') section = opens;
    else if (section === undefined) throw formFault(`"${word}" is not expected here`, line);
    else words[section].push(word);
  }
  for (const name of ['type', 'net'] as const) {
    const isWritten = line.args.some((word) => word.toLowerCase() === name);
    if (isWritten && words[name].length === 0) throw formFault(`${name} lacks its values`, line);
  }
  return {
    action,
    types: words.type.includes('*') ? [] : words.type.map((word) => typeOf(word, line)),
    networks: words.net.includes('*') ? [] : words.net.map((word) => networkOf(word, line)),
  };
}

function typeOf(text: string, line: Directive): RRType {
  const code = rrtypeCode(text);
  if (code !== undefined) return code;
  throw formFault(`there is no type "${text}"`, line);
}

function networkOf(text: string, line: Directive): Network {
  const network = networkFromText(text);
  if (network !== undefined) return network;
  throw formFault(`"${text}" is neither an address nor a network`, line);
}

function formFault(what: string, { name, place }: Directive): Error {
  const mend = `write ${name} [type QTYPE...] [net ADDRESS|ADDRESS/MASK...]`;
  return directiveFault(`${name}: ${what}`, place, mend);
}
