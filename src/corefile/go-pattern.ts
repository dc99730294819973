/** Regular expressions as operators write them for CoreDNS (Go's RE2 syntax) in JavaScript's terms. */
import { directiveFault } from './faults.js';
import type { Directive } from './plan.js';

/** A regular expression as plain data: `new RegExp(source, flags)`. */
export interface Pattern {
  readonly source: string;
  readonly flags: string;
}

/** CoreDNS's bound, kept so that both take the same files. */
const MAX_LENGTH = 10_000;

/**
 * The pattern of a Go expression: leading flags `(?i)`, `(?s)`, `(?m)`, named groups `(?P<n>...)`, and
 * the anchors `\A` and `\z` are rewritten, the rest means the same in both.
 * @throws SvcdnsError COREFILE_DIRECTIVE when it is no regular expression
 */
export function patternArgument(directive: Directive, text: string): Pattern {
  const { name, place } = directive;
  if (text.length > MAX_LENGTH) {
    throw directiveFault(
      `${name}: the pattern has more than ${MAX_LENGTH} characters`,
      place,
      'shorten it',
    );
  }
  const [, flags = '', body = text] = /^\(\?([ism]+)\)(.*)$/s.exec(text) ?? [];
  const source = body
    .replace(/\(\?P</g, '(?<')
    .replace(/\\(.)/gs, (sequence, char: string) =>
      char === 'A' ? '^' : char === 'z' ? '$' : sequence,
    );
  const pattern = { source, flags: [...new Set(flags)].join('') };
  try {
    new RegExp(pattern.source, pattern.flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '').toLowerCase() : '';
    throw directiveFault(
      `${name}: "${text}" is no regular expression: ${reason}`,
      place,
      'correct it',
    );
  }
  return pattern;
}
