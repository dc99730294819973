/** The text of a template to tokens: plain text, and what stands in `{{ }}` (Go text/template's grammar). */

/** A word of an action, or the text between two actions. */
export type TemplateToken =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'open' | 'close' | '(' | ')' | '|' }
  | { readonly kind: 'word'; readonly text: string }
  /** `.A.B`; the lone dot has no names. `glued`: right behind the token before it. */
  | { readonly kind: 'field'; readonly names: readonly string[]; readonly glued: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly value: bigint };

/** What makes a text no template of ours; its message names the place in the text. */
export class TemplateFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateFault';
  }
}

/** Strings, numbers, fields, words and punctuation, in this order. */
const ACTION_TOKEN =
  /\s*(?:("(?:[^"\\\n]|\\.)*")|(`[^`]*`)|([+-]?(?:0[xX][0-9a-fA-F]+|\d+)(?![\w.]))|((?:\.[A-Za-z_]\w*)+|\.(?![\w]))|([A-Za-z_]\w*)|([()|]))/y;

/**
 * @throws TemplateFault for an action that is not closed, or a character that means nothing in one
 */
export function templateTokens(source: string): readonly TemplateToken[] {
  const tokens: TemplateToken[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const end = open < 0 ? source.length : open;
    const trimsBefore = /^\{\{-\s/.test(source.slice(end, end + 4));
    addText(tokens, source.slice(at, end), trimNext, trimsBefore);
    if (open < 0) break;
    const comment = /^\{\{(?:-\s+)?\/\*[\s\S]*?\*\/(\s+-)?\}\}/.exec(source.slice(open));
    if (comment !== null) {
      trimNext = comment[1] !== undefined;
      at = open + comment[0].length;
      continue;
    }
    tokens.push({ kind: 'open' });
    at = readAction(source, open + (trimsBefore ? 3 : 2), tokens);
    tokens.push({ kind: 'close' });
    trimNext = source[at] === '-';
    at += trimNext ? 3 : 2;
  }
  return tokens;
}

function addText(tokens: TemplateToken[], raw: string, trimStart: boolean, trimEnd: boolean): void {
  const front = trimStart ? raw.trimStart() : raw;
  const text = trimEnd ? front.trimEnd() : front;
  if (text !== '') tokens.push({ kind: 'text', text });
}

/** Reads up to the closing braces and returns where they stand, or the dash in front of them. */
function readAction(source: string, start: number, tokens: TemplateToken[]): number {
  let at = start;
  for (;;) {
    const blank = /\s*/y;
    blank.lastIndex = at;
    const length = blank.exec(source)?.[0].length ?? 0;
    const here = at + length;
    if (source.startsWith('}}', here)) return here;
    if (length > 0 && source.startsWith('-}}', here)) return here;
    ACTION_TOKEN.lastIndex = at;
    const match = ACTION_TOKEN.exec(source);
    if (match === null) throw unexpected(source, here);
    tokens.push(tokenOf(match));
    at = ACTION_TOKEN.lastIndex;
  }
}

function tokenOf(match: RegExpExecArray): TemplateToken {
  const [, quoted, raw, number, field, word, mark] = match;
  if (quoted !== undefined) return { kind: 'string', value: unquoted(quoted) };
  if (raw !== undefined) return { kind: 'string', value: raw.slice(1, -1) };
  if (number !== undefined) return { kind: 'number', value: integerOf(number) };
  if (field !== undefined) {
    const names = field.slice(1).split('.').filter(Boolean);
    return { kind: 'field', names, glued: match[0] === field };
  }
  if (word !== undefined) return { kind: 'word', text: word };
  return { kind: mark === '(' ? '(' : mark === ')' ? ')' : '|' };
}

function integerOf(text: string): bigint {
  const digits = text.replace(/^[+-]/, '');
  return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char);
}

function unexpected(source: string, at: number): TemplateFault {
  if (at >= source.length) return new TemplateFault('an action is not closed with }}');
  const [word = ''] = /^(?:\$\w*|:=|\S)/.exec(source.slice(at)) ?? [];
  return new TemplateFault(`"${word}" is not supported`);
}
