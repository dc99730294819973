/** Rdata between wire form and presentation text; types without a layout use the generic form of RFC 3597. */
import { recordFault, type Word, wordsOf } from './presentation.js';
import { hexFromText } from './rdata-field.js';
import { rdataLayout } from './rdata-layout.js';
import { RdataReader } from './rdata-reader.js';
import { type RRType, rrtypeName } from './rrtype.js';
import { WordReader } from './word-reader.js';

/** The most octets that a record can hold (RFC 1035 §3.2.1). */
const MAX_RDATA = 65_535;

/**
 * Presentation text of rdata without compression pointers. Never throws: an unknown type, or octets that
 * are not what the type asks for, come out as `\# 3 01abcd` (RFC 3597 §5).
 */
export function rdataToText(type: RRType, rdata: Uint8Array): string {
  return knownText(type, rdata) ?? genericText(rdata);
}

/**
 * Wire form of presentation text; names come out as written, without compression.
 *
 * @param origin completes names without a final dot; without it they are refused
 * @throws SvcdnsError NAME_INVALID with what does not fit the type
 */
export function rdataFromText(type: RRType, text: string, origin?: string): Uint8Array {
  return rdataFromWords(type, wordsOf(text), origin);
}

/** As {@link rdataFromText}, for text that is already cut into words. */
export function rdataFromWords(
  type: RRType,
  words: readonly Word[],
  origin: string | undefined,
): Uint8Array {
  const [first] = words;
  const isGeneric = first !== undefined && !first.quoted && first.text === '\\#';
  const rdata = isGeneric ? genericRdata(type, words.slice(1)) : knownRdata(type, words, origin);
  if (rdata.length > MAX_RDATA) throw recordFault(`rdata of ${rdata.length} octets is too long`);
  return rdata;
}

function knownText(type: RRType, rdata: Uint8Array): string | undefined {
  const layout = rdataLayout(type);
  if (layout === undefined) return undefined;
  const reader = new RdataReader(rdata);
  const texts: string[] = [];
  for (const field of layout) {
    const text = field.toText(reader);
    if (text === undefined) return undefined;
    if (text !== '') texts.push(text);
  }
  return reader.left === 0 ? texts.join(' ') : undefined;
}

function genericText(rdata: Uint8Array): string {
  const hex = Buffer.from(rdata).toString('hex').toUpperCase();
  return hex === '' ? '\\# 0' : `\\# ${rdata.length} ${hex}`;
}

function knownRdata(type: RRType, words: readonly Word[], origin: string | undefined): Uint8Array {
  const layout = rdataLayout(type);
  if (layout === undefined) {
    throw recordFault(`rdata of type ${rrtypeName(type)} has to be written as \\# LENGTH HEX`);
  }
  const reader = new WordReader(words, origin);
  const parts = layout.map((field) => field.fromText(reader));
  if (reader.left > 0) {
    throw recordFault(`${JSON.stringify(reader.peek?.text)} is too much for a ${rrtypeName(type)}`);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/** The generic form is taken for every type, but what a known type cannot hold is refused. */
function genericRdata(type: RRType, words: readonly Word[]): Uint8Array {
  const reader = new WordReader(words, undefined);
  const length = reader.number('length', MAX_RDATA);
  const hex = reader.joined();
  const rdata = hex === '' ? new Uint8Array(0) : hexFromText(hex);
  if (rdata.length !== length) {
    throw recordFault(`${rdata.length} octets are given where ${length} are announced`);
  }
  if (rdataLayout(type) !== undefined && knownText(type, rdata) === undefined) {
    throw recordFault(`these octets are no ${rrtypeName(type)}`);
  }
  return rdata;
}
