/** The autopath directive: `autopath [ZONES...] @kubernetes|FILE` (CoreDNS plugin/autopath). */
import { directiveFault } from '../../corefile/faults.js';
import { noOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import { canonicalName, isName } from '../../dns/name.js';
import { SvcdnsError } from '../../errors.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, ParseContext, Plugin } from '../plugin.js';
import { autopathHandler } from './handler.js';
import type { AutopathOptions, SearchSource } from './options.js';

const OWN_RESOLV_CONF = '/etc/resolv.conf';

export const autopathPlugin: Plugin<AutopathOptions> = {
  name: 'autopath',
  repeatable: false,
  parse(directives: readonly Directive[], context: ParseContext): AutopathOptions {
    const directive = onlyDirective(directives);
    noOptions(directive);
    const source = directive.args.at(-1);
    if (source === undefined) {
      const mend = 'write autopath [ZONES...] @kubernetes, or the name of a file';
      throw directiveFault('autopath lacks its search list', directive.place, mend);
    }
    return {
      zones: zonesOfArguments(directive.args.slice(0, -1), context.zones, directive.place),
      source: sourceOf(source, directive, context),
    };
  },
  handler(options: AutopathOptions, environment: DataEnvironment) {
    return autopathHandler(options, environment);
  },
};

function sourceOf(text: string, { place }: Directive, context: ParseContext): SearchSource {
  if (text === '@kubernetes') return { kind: 'kubernetes', domains: ownDomains(context, place) };
  if (text.startsWith('@')) {
    const mend = 'write autopath @kubernetes, or the name of a file';
    throw directiveFault(`autopath: ${text} has no search list`, place, mend);
  }
  const domains = searchDomains(context.readFile(text, place));
  if (domains.length > 0) return { kind: 'file', domains };
  const message = `autopath: ${text} has no line "search DOMAIN..."`;
  throw directiveFault(message, place, 'add the line, or write autopath @kubernetes');
}

/** The node's search domains, which pods have behind the cluster's; none where the file is not there. */
function ownDomains(context: ParseContext, place: Directive['place']): readonly string[] {
  try {
    return searchDomains(context.readFile(OWN_RESOLV_CONF, place));
  } catch (error) {
    if (error instanceof SvcdnsError) return [];
    throw error;
  }
}

/** The last `search` or `domain` line of a resolv.conf (resolv.conf(5)); what is no name is passed over. */
function searchDomains(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const [, ...domains] = lines.findLast(([word]) => word === 'search' || word === 'domain') ?? [];
  return domains.filter((domain) => domain !== '.' && isName(domain)).map(canonicalName);
}
