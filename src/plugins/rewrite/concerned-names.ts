/** Which names a rewrite directive can change anything for: what a faster way around the chain has to know. */
import { isInZone } from '../../dns/name.js';
import type { NameMatch, RewriteOptions, RewriteRule } from './options.js';

/**
 * Whether any rule may change a question at or below a canonical zone, or the reply to one. Where it may
 * not, those names need not be walked past the directive. Says yes where that cannot be known.
 */
export function rewriteConcerns({ rules }: RewriteOptions, zone: string): boolean {
  return rules.some((rule) => ruleConcerns(rule, zone));
}

function ruleConcerns({ action }: RewriteRule, zone: string): boolean {
  switch (action.field) {
    case 'name':
      return matchConcerns(action.change, zone);
    case 'ttl':
    case 'rcode':
      return matchConcerns(action.match, zone);
    // options of the query change no answer
    case 'edns0':
      return false;
    default:
      return true;
  }
}

function matchConcerns(match: NameMatch, zone: string): boolean {
  switch (match.kind) {
    case 'exact':
      return isInZone(match.from, zone);
    case 'suffix':
      return mayEndWith(zone, match.from);
    case 'regex': {
      const end = literalEnd(match.pattern.source);
      return end === undefined || mayEndWith(zone, end.toLowerCase());
    }
    default:
      return true;
  }
}

/** Whether there are names in the zone that end so. */
function mayEndWith(zone: string, end: string): boolean {
  return zone === '.' || `.${zone}`.endsWith(end) || end === zone || end.endsWith(`.${zone}`);
}

/**
 * The text, from a dot on, that every match of a pattern ends with; undefined when the pattern leaves its
 * end open, or when it is not plain to see.
 */
function literalEnd(source: string): string | undefined {
  const [, body = '', end] = /^(.*?)((?:\\\.[a-z0-9_-]+)+\\\.)\??\$$/i.exec(source) ?? [];
  if (end === undefined || hasOpenAlternative(body)) return undefined;
  return end.replaceAll('\\', '');
}

/** Whether a `|` stands outside of all groups: then the end belongs to one side of it only. */
function hasOpenAlternative(body: string): boolean {
  let depth = 0;
  let inClass = false;
  for (let i = 0; i < body.length; i++) {
    const char = body[i];
    if (char === '\\') i += 1;
    else if (inClass) inClass = char !== ']';
    else if (char === '[') inClass = true;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === '|' && depth === 0) return true;
  }
  return depth !== 0 || inClass;
}
