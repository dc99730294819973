/** The words of a rewrite rule to what it does. */

import { directiveFault } from '../../corefile/faults.js';
import { type Pattern, patternArgument } from '../../corefile/go-pattern.js';
import { canonicalName, isName } from '../../dns/name.js';
import { type Rcode, rcodeCode } from '../../dns/rcode.js';
import { rrclassCode } from '../../dns/rrclass.js';
import { rrtypeCode } from '../../dns/rrtype.js';
import type { Place, SvcdnsError } from '../../errors.js';
import { answersOf } from './answer-words.js';
import { ednsActionOf } from './edns-words.js';
import type { NameChange, NameMatch, RewriteAction } from './options.js';

const MATCH_KINDS = ['exact', 'prefix', 'suffix', 'substring', 'regex'] as const;
type MatchKind = (typeof MATCH_KINDS)[number];

const FIELDS = ['name', 'type', 'class', 'ttl', 'rcode', 'cname', 'edns0'] as const;
const MAX_TTL = 2 ** 31 - 1;

/**
 * What a rule does, of the words behind `continue` or `stop`.
 * @throws SvcdnsError COREFILE_DIRECTIVE
 */
export function actionOf(words: readonly string[], place: Place): RewriteAction {
  const [first = '', ...rest] = words;
  const field = FIELDS.find((known) => known === first.toLowerCase());
  switch (field) {
    case 'name':
      return nameAction(rest, place);
    case 'type':
      return typeAction(rest, place);
    case 'class':
      return classAction(rest, place);
    case 'ttl':
      return ttlAction(rest, place);
    case 'rcode':
      return rcodeAction(rest, place);
    case 'cname': {
      const { kind, words: pair } = matchWords(rest, 2, place, 'rewrite cname [MATCH] FROM TO');
      return { field, change: changeOf(kind, pair[0] ?? '', pair[1] ?? '', place) };
    }
    case 'edns0':
      return ednsActionOf(rest, place);
    case undefined: {
      const message = first === '' ? 'rewrite lacks its rule' : `rewrite has no field "${first}"`;
      throw directiveFault(message, place, `write one of: ${FIELDS.join(', ')}`);
    }
  }
}

function nameAction(words: readonly string[], place: Place): RewriteAction {
  const form = 'rewrite name [MATCH] FROM TO [answer auto|name FROM TO|value FROM TO]';
  if (words.length < 2) throw formFault('name', form, place);
  // with two words there is no room for the kind of match, even if the first looks like one
  const kind = words.length === 2 ? 'exact' : kindOf(words[0]);
  if (kind === undefined) {
    const known = MATCH_KINDS.join(', ');
    throw directiveFault(
      `rewrite name: there is no match "${words[0]}"`,
      place,
      `write one of: ${known}`,
    );
  }
  const [from = '', to = '', ...more] = words.length === 2 ? words : words.slice(1);
  const change = changeOf(kind, from, to, place);
  const answers = answersOf(more, place);
  // a whole name is always turned back
  const auto = answers.auto || kind === 'exact';
  return { field: 'name', change, auto, answers: answers.rules };
}

function typeAction(words: readonly string[], place: Place): RewriteAction {
  const [from, to] = twoCodes('type', words, rrtypeCode, place);
  return { field: 'type', from, to };
}

function classAction(words: readonly string[], place: Place): RewriteAction {
  const [from, to] = twoCodes('class', words, rrclassCode, place);
  return { field: 'class', from, to };
}

function ttlAction(words: readonly string[], place: Place): RewriteAction {
  const form = 'rewrite ttl [MATCH] NAME SECONDS|MIN-MAX';
  const { kind, words: pair } = matchWords(words, 2, place, form);
  const [name = '', range = ''] = pair;
  const [, low, dash, high] = /^(\d{1,10})?(-)?(\d{1,10})?$/.exec(range) ?? [];
  const min = low === undefined ? 0 : Number(low);
  const max = high === undefined ? (dash === undefined ? min : MAX_TTL) : Number(high);
  const isRange = dash === undefined ? low !== undefined && high === undefined : range !== '-';
  if (!isRange || min > max || max > MAX_TTL) {
    throw directiveFault(
      `rewrite ttl: "${range}" is no TTL`,
      place,
      'write SECONDS, MIN-MAX, MIN- or -MAX',
    );
  }
  return { field: 'ttl', match: matchOf(kind, name, place), minSeconds: min, maxSeconds: max };
}

function rcodeAction(words: readonly string[], place: Place): RewriteAction {
  const form = 'rewrite rcode [MATCH] NAME FROM TO';
  const { kind, words: three } = matchWords(words, 3, place, form);
  const [name = '', ...codes] = three;
  const [from, to] = twoCodes('rcode', codes, numericRcode, place);
  return { field: 'rcode', match: matchOf(kind, name, place), from, to };
}

/** The kind of match, `exact` when the words have no room for one, and the words behind it. */
function matchWords(
  words: readonly string[],
  count: number,
  place: Place,
  form: string,
): { kind: MatchKind; words: readonly string[] } {
  const field = form.split(' ')[1] ?? '';
  if (words.length === count) return { kind: 'exact', words };
  const kind = kindOf(words[0]);
  if (words.length !== count + 1 || kind === undefined) throw formFault(field, form, place);
  return { kind, words: words.slice(1) };
}

function kindOf(word: string | undefined): MatchKind | undefined {
  return MATCH_KINDS.find((kind) => kind === word?.toLowerCase());
}

/**
 * Which names are meant. As in CoreDNS each text ends in a dot, whether it is written or not: a prefix or
 * substring ends with a label, a suffix with the name.
 */
function matchOf(kind: MatchKind, from: string, place: Place): NameMatch {
  if (kind === 'regex') return { kind, pattern: patternOf(from, place) };
  return { kind, from: kind === 'exact' ? wholeName(from, place) : canonicalName(from) };
}

/** The same with what becomes of them. */
function changeOf(kind: MatchKind, from: string, to: string, place: Place): NameChange {
  const match = matchOf(kind, from, place);
  return { ...match, to: kind === 'exact' ? wholeName(to, place) : canonicalName(to) };
}

function patternOf(text: string, place: Place): Pattern {
  return patternArgument({ name: 'rewrite', args: [], body: [], hasBody: false, place }, text);
}

function wholeName(text: string, place: Place): string {
  if (isName(text)) return canonicalName(text);
  throw directiveFault(`rewrite: "${text}" is no domain name`, place, 'write a domain name');
}

function twoCodes(
  field: string,
  words: readonly string[],
  codeOf: (text: string) => number | undefined,
  place: Place,
): [number, number] {
  if (words.length !== 2) throw formFault(field, `rewrite ${field} FROM TO`, place);
  const codes = words.map((word) => {
    const code = codeOf(word);
    if (code !== undefined) return code;
    throw directiveFault(`rewrite ${field}: there is no ${field} "${word}"`, place, 'correct it');
  });
  return [codes[0] ?? 0, codes[1] ?? 0];
}

/** A mnemonic or a number up to 4095 (RFC 6891 §6.1.3). */
function numericRcode(text: string): Rcode | undefined {
  if (/^\d{1,4}$/.test(text)) return Number(text) <= 4095 ? Number(text) : undefined;
  return rcodeCode(text);
}

function formFault(field: string, form: string, place: Place): SvcdnsError {
  return directiveFault(`rewrite ${field} has not the words it needs`, place, `write ${form}`);
}
