/** Whole records between plain data and lines of text: `owner ttl class type rdata`. */
import { nameFromWire, nameToWire } from './name.js';
import { presentedName, recordFault, type Word, wordsOf } from './presentation.js';
import { rdataFromWords, rdataToText } from './rdata-text.js';
import type { ResourceRecord } from './resource-record.js';
import { RRCLASS, type RRClass, rrclassCode, rrclassName } from './rrclass.js';
import { type RRType, rrtypeCode, rrtypeName } from './rrtype.js';
import { secondsFromText } from './seconds.js';
import { absoluteName } from './word-reader.js';

/** RFC 2181 §8. */
const MAX_TTL = 0x7fff_ffff;

/** What a record line may leave out. */
export interface RecordTextOptions {
  /** Completes names without a final dot and stands for `@`; without it relative names are refused. */
  readonly origin?: string;
  /** Seconds for a line without a TTL; without it such a line is refused. */
  readonly defaultTtl?: number;
}

/** One line, fields parted by single blanks, readable by {@link recordFromText}. */
export function recordToText(record: ResourceRecord): string {
  const rdata = rdataToText(record.type, record.rdata);
  const type = rrtypeName(record.type);
  return `${presentedName(record.owner)} ${record.ttl} ${rrclassName(record.class)} ${type} ${rdata}`;
}

/**
 * Reads one line; TTL and class may stand in either order, the class is IN when it is left out, and a
 * comment may follow.
 * @throws SvcdnsError NAME_INVALID with what is missing or wrong
 */
export function recordFromText(line: string, options: RecordTextOptions = {}): ResourceRecord {
  const words = wordsOf(line);
  const [first] = words;
  if (first === undefined) throw recordFault('the record is empty');
  const owner = normalName(absoluteName(first, options.origin));
  const head = headOf(words);
  const ttl = head.ttl ?? options.defaultTtl;
  if (ttl === undefined) throw recordFault('the record has no ttl');
  return {
    owner,
    type: head.type,
    class: head.class,
    ttl,
    rdata: rdataFromWords(head.type, words.slice(head.length), options.origin),
  };
}

/** TTL, class and type behind the owner; `length` counts the words up to the rdata. */
function headOf(words: readonly Word[]): {
  ttl: number | undefined;
  class: RRClass;
  type: RRType;
  length: number;
} {
  let ttl: number | undefined;
  let rrclass: RRClass | undefined;
  for (let at = 1; ; at++) {
    const word = words[at];
    if (word === undefined) throw recordFault('the record has no type');
    const seconds = ttl === undefined ? secondsFromText(word.text) : undefined;
    const code = rrclass === undefined ? classCode(word.text) : undefined;
    if (seconds !== undefined) {
      if (seconds > MAX_TTL) throw recordFault(`ttl ${word.text} is more than ${MAX_TTL} seconds`);
      ttl = seconds;
    } else if (code !== undefined) {
      rrclass = code;
    } else {
      const type = word.quoted ? undefined : rrtypeCode(word.text);
      if (type === undefined) throw recordFault(`${JSON.stringify(word.text)} is no record type`);
      return { ttl, class: rrclass ?? RRCLASS.IN, type, length: at + 1 };
    }
  }
}

/** `ANY` is a type of questions before it is a class; a record line means neither, so it is left to the type. */
function classCode(text: string): RRClass | undefined {
  return text.toUpperCase() === 'ANY' ? undefined : rrclassCode(text);
}

/** Text form as it comes from the wire, so that names written with needless escapes compare equal. */
function normalName(text: string): string {
  return nameFromWire(nameToWire(text), 0)?.name ?? text;
}
