/** A cursor over the words of a record's text, and the origin of its relative names. */
import { nameToWire } from './name.js';
import { recordFault, type Word } from './presentation.js';

/** Hands out words in order; every method throws SvcdnsError NAME_INVALID when there is none or it does not fit. */
export class WordReader {
  readonly #words: readonly Word[];
  readonly #origin: string | undefined;
  #at = 0;

  /** @param origin completes names without a final dot and stands for `@`; without it both are refused */
  constructor(words: readonly Word[], origin: string | undefined) {
    this.#words = words;
    this.#origin = origin;
  }

  /** The next word without taking it. */
  get peek(): Word | undefined {
    return this.#words[this.#at];
  }

  get left(): number {
    return this.#words.length - this.#at;
  }

  next(what: string): Word {
    const word = this.#words[this.#at];
    if (word === undefined) throw recordFault(`${what} is missing`);
    this.#at += 1;
    return word;
  }

  /** The wire form of a name. */
  name(what: string): Uint8Array {
    return nameToWire(absoluteName(this.next(what), this.#origin));
  }

  /** A decimal number from 0 to `max`. */
  number(what: string, max: number): number {
    const { text } = this.next(what);
    if (!/^\d{1,10}$/.test(text) || Number(text) > max) {
      throw recordFault(`${what} ${JSON.stringify(text)} is not a number from 0 to ${max}`);
    }
    return Number(text);
  }

  /** All words that are left, joined: a blob that may be written in pieces. */
  joined(): string {
    const rest = this.#words.slice(this.#at);
    this.#at = this.#words.length;
    return rest.map((word) => word.text).join('');
  }
}

/** The name a word stands for, in text form with its final dot. */
export function absoluteName(word: Word, origin: string | undefined): string {
  const { text } = word;
  if (text.endsWith('.') && !endsInEscapedDot(text)) return text;
  if (text === '' || origin === undefined) {
    throw recordFault(`name ${JSON.stringify(text)} does not end in a dot`);
  }
  if (text === '@' && !word.quoted) return origin;
  return origin === '.' ? `${text}.` : `${text}.${origin}`;
}

function endsInEscapedDot(text: string): boolean {
  const slashes = /(\\*)\.$/.exec(text)?.[1] ?? '';
  return slashes.length % 2 === 1;
}
