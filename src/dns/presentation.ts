/** The presentation format of zone files (RFC 1035 §5.1): words, quotes, escapes, character strings. */
import { SvcdnsError } from '../errors.js';

/** Octets that a character string can hold behind its length octet (RFC 1035 §3.3). */
const MAX_CHARACTER_STRING = 255;

/** One word of a record line; quotes are gone, escapes are still there. */
export interface Word {
  readonly text: string;
  /** Whether any part of it was quoted: `"A"` is never a type and `"\#"` never the generic form. */
  readonly quoted: boolean;
}

/** The fault of a record's text, as an operator can mend it. */
export function recordFault(what: string): SvcdnsError {
  return new SvcdnsError('NAME_INVALID', what);
}

/**
 * Cuts a line into words: blanks separate, quotes hold together, `(` and `)` outside of quotes count as
 * blanks, `;` starts a comment.
 * @throws SvcdnsError NAME_INVALID for an open quote, a trailing backslash or unpaired parentheses.
 */
export function wordsOf(line: string): Word[] {
  const words: Word[] = [];
  let text = '';
  let quoted = false;
  let inQuotes = false;
  let depth = 0;
  const close = (): void => {
    if (text !== '' || quoted) words.push({ text, quoted });
    text = '';
    quoted = false;
  };
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === '\\') {
      if (i + 1 >= line.length) throw recordFault('a backslash stands at the end of the line');
      text += char + line.charAt(i + 1);
      i += 1;
    } else if (char === '"') {
      inQuotes = !inQuotes;
      quoted = true;
    } else if (inQuotes) {
      text += char;
    } else if (char === ';') {
      break;
    } else if (char === '(' || char === ')') {
      close();
      depth += char === '(' ? 1 : -1;
      if (depth < 0) throw recordFault('a closing parenthesis has no opening one');
    } else if (/\s/.test(char)) {
      close();
    } else {
      text += char;
    }
  }
  if (inQuotes) throw recordFault('a quote is not closed');
  if (depth !== 0) throw recordFault('a parenthesis is not closed');
  close();
  return words;
}

/**
 * The octets behind a word's escapes; characters outside of ASCII count as their UTF-8 octets.
 * @throws SvcdnsError NAME_INVALID for a broken escape.
 */
export function octetsOfWord(text: string): Uint8Array {
  const octets: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char !== '\\') {
      const whole = String.fromCodePoint(text.codePointAt(i) ?? 0);
      octets.push(...Buffer.from(whole, 'utf8'));
      i += whole.length - 1;
      continue;
    }
    const digits = text.slice(i + 1, i + 4);
    if (/^\d{3}$/.test(digits) && Number(digits) <= 255) {
      octets.push(Number(digits));
      i += 3;
    } else if (/^[^\d]/.test(digits)) {
      const whole = String.fromCodePoint(text.codePointAt(i + 1) ?? 0);
      octets.push(...Buffer.from(whole, 'utf8'));
      i += whole.length;
    } else {
      throw recordFault(`${JSON.stringify(text)} has a broken escape`);
    }
  }
  return Uint8Array.from(octets);
}

/**
 * A character string in wire form: its length in front (RFC 1035 §3.3).
 * @throws SvcdnsError NAME_INVALID when it is longer than 255 octets.
 */
export function characterString(octets: Uint8Array): Uint8Array {
  if (octets.length > MAX_CHARACTER_STRING) {
    throw recordFault(
      `a string of ${octets.length} octets is longer than 255; split it in several`,
    );
  }
  return Uint8Array.of(octets.length, ...octets);
}

/** Octets as quoted text: quote and backslash escaped, what is not printable ASCII as `\DDD`. */
export function quotedText(octets: Uint8Array): string {
  return `"${escapedOctets(octets)}"`;
}

/** The inside of {@link quotedText}. */
export function escapedOctets(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet >= 0x20 && octet < 0x7f) text += String.fromCharCode(octet);
    else text += `\\${octet.toString().padStart(3, '0')}`;
  }
  return text;
}

/** A name in text form with the characters escaped that mean something in a record line. */
export function presentedName(name: string): string {
  return name.replace(/\\.|["();@$]/g, (found) => (found.length === 2 ? found : `\\${found}`));
}
