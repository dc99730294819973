/** Corefile text to tokens: blanks, comments, quotes, continued lines (the grammar of Caddyfile v1). */
import type { Place, SvcdnsError } from '../errors.js';
import { syntaxFault } from './faults.js';

/** A word of the file. */
export interface Token {
  readonly text: string;
  /** Written in quotes, so that `{`, `}` and `import` are mere text. */
  readonly quoted: boolean;
  /** Whether it is the first of its line. */
  readonly startsLine: boolean;
  readonly place: Place;
}

/** What a text was cut into. */
export interface Lexed {
  readonly tokens: readonly Token[];
  readonly faults: readonly SvcdnsError[];
}

/**
 * Cuts a text into tokens. Never throws.
 *
 * - blanks part tokens; `#` outside of quotes opens a comment that ends with its line
 * - `"` at the start of a token opens text up to the next `"`; in it `\"` is a quote, any other
 *   backslash stays as it is; line breaks belong to the text
 * - `` ` `` does the same without any escape
 * - a backslash right before the line's end joins the next line
 * - a byte order mark in front and the CR of a CRLF are dropped
 */
export function lexCorefile(text: string, file: string): Lexed {
  const source = text.replace(/^\ufeff/, '').replace(/\r\n/g, '\n');
  const tokens: Token[] = [];
  const faults: SvcdnsError[] = [];
  let line = 1;
  let startsLine = true;
  let at = 0;

  const add = (value: string, quoted: boolean, place: Place): void => {
    tokens.push({ text: value, quoted, startsLine, place });
    startsLine = false;
  };

  while (at < source.length) {
    const char = source[at] ?? '';
    if (char === '\n') {
      line += 1;
      startsLine = true;
      at += 1;
    } else if (char === '\\' && source[at + 1] === '\n') {
      line += 1;
      at += 2;
    } else if (isBlank(char)) {
      at += 1;
    } else if (char === '#') {
      at = endOfLine(source, at);
    } else if (char === '"' || char === '`') {
      const place = { file, line };
      const end = closingQuote(source, at);
      if (end === undefined) {
        const name = char === '"' ? 'a double quote' : 'a backtick';
        faults.push(syntaxFault(`${name} is never closed`, place, `close it with ${char}`));
        at = endOfLine(source, at);
        continue;
      }
      const raw = source.slice(at + 1, end);
      add(char === '"' ? raw.replace(/\\"/g, '"') : raw, true, place);
      line += raw.split('\n').length - 1;
      at = end + 1;
    } else {
      const end = endOfWord(source, at);
      add(source.slice(at, end), false, { file, line });
      at = end;
    }
  }
  return { tokens, faults };
}

/** Go's unicode.IsSpace, without the line feed that is looked at before. */
function isBlank(char: string): boolean {
  return char === '\u0085' || (char !== '\ufeff' && /\s/.test(char));
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end;
}

/** Where the quote that opens at `from` closes; undefined when it does not. */
function closingQuote(source: string, from: number): number | undefined {
  const quote = source[from];
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === quote) return at;
    if (quote === '"' && source[at] === '\\') at += 1;
  }
  return undefined;
}

/** A word ends before a blank, a comment (also in its middle, as in Caddy), or a continued line's end. */
function endOfWord(source: string, from: number): number {
  let at = from;
  while (at < source.length) {
    const char = source[at] ?? '';
    if (char === '#' || isBlank(char)) return at;
    if (char === '\\' && source[at + 1] === '\n') return at;
    at += 1;
  }
  return at;
}
