/** Whole messages as data: decoding strictly, encoding with compression (RFC 1035 §4, RFC 6891). */
import { nameFromWire, nameToWire } from '../dns/name.js';
import type { Question, ResourceRecord } from '../dns/resource-record.js';
import { RRCLASS } from '../dns/rrclass.js';
import { RRTYPE } from '../dns/rrtype.js';
import { type Opt, optBytes, readOpt } from './edns.js';
import { AA, AD, CD, HEADER_LENGTH, MAX_MESSAGE, QR, RA, RD, TC } from './header.js';
import { MessageWriter, SECTION } from './message-writer.js';
import { RDATA_LAYOUTS, RDATA_LENGTHS } from './rdata-layout.js';
import { expandName, type NameBuffer, nameBuffer } from './wire-name.js';

/** A message as data. */
export interface Message {
  readonly id: number;
  /** QR: this is an answer. */
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** With the upper bits that an OPT record carries; above 15 only together with `edns`. */
  readonly rcode: number;
  readonly question: readonly Question[];
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** Without the OPT record. */
  readonly additional: readonly ResourceRecord[];
  readonly edns?: Opt;
}

/** What a message may leave out: empty, false, 0. */
export type MessageParts = Partial<Omit<Message, 'id'>> & { readonly id: number };

/** A message whose missing parts are empty, false or 0. */
export function message(parts: MessageParts): Message {
  return {
    response: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: false,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: 0,
    question: [],
    answer: [],
    authority: [],
    additional: [],
    ...parts,
  };
}

/**
 * Decodes a message, or says undefined: a count that the octets do not bear out, a name that is too long
 * or points forward, data that does not fill its length, an A of other than 4 octets, a second OPT or
 * one outside of the additional section. Octets behind the last record are passed over.
 *
 * Record data gets the names in it written out. Nothing in the result refers to `bytes`. The cost is
 * bounded by the size of the message, whatever its pointers say.
 */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  if (bytes.length < HEADER_LENGTH) return undefined;
  const reader = new MessageReader(bytes);
  const question = reader.questions(u16(bytes, 4));
  if (question === undefined) return undefined;
  const answer = reader.records(u16(bytes, 6), false);
  if (answer === undefined) return undefined;
  const authority = reader.records(u16(bytes, 8), false);
  if (authority === undefined) return undefined;
  const additional = reader.records(u16(bytes, 10), true);
  if (additional === undefined) return undefined;
  const high = bytes[2] ?? 0;
  const low = bytes[3] ?? 0;
  const opt = reader.opt;
  return {
    id: u16(bytes, 0),
    response: (high & QR) !== 0,
    opcode: (high >> 3) & 0x0f,
    authoritative: (high & AA) !== 0,
    truncated: (high & TC) !== 0,
    recursionDesired: (high & RD) !== 0,
    recursionAvailable: (low & RA) !== 0,
    authenticData: (low & AD) !== 0,
    checkingDisabled: (low & CD) !== 0,
    rcode: (low & 0x0f) | ((opt?.extendedRcode ?? 0) << 4),
    question,
    answer,
    authority,
    additional,
    ...(opt === undefined ? {} : { edns: opt.opt }),
  };
}

/**
 * Encodes a message, owner names and the names in the data of RFC 1035's own types compressed.
 * @throws RangeError when it is longer than `limit`, or its rcode needs an OPT that is not there
 * @throws SvcdnsError NAME_INVALID for a name that is none
 */
export function encodeMessage(from: Message, limit: number = MAX_MESSAGE): Uint8Array {
  if (from.rcode > 15 && from.edns === undefined) {
    throw new RangeError(`rcode ${from.rcode} needs an OPT record`);
  }
  const writer = new MessageWriter(limit);
  writer.header(from.id, highFlags(from), lowFlags(from));
  let fits = true;
  for (const question of from.question) fits = writer.question(questionBytes(question)) && fits;
  for (const record of from.answer) fits = writer.record(SECTION.ANSWER, record) && fits;
  for (const record of from.authority) fits = writer.record(SECTION.AUTHORITY, record) && fits;
  for (const record of from.additional) fits = writer.record(SECTION.ADDITIONAL, record) && fits;
  if (from.edns !== undefined) {
    fits = writer.raw(SECTION.ADDITIONAL, optBytes(from.edns, from.rcode)) && fits;
  }
  if (!fits) throw new RangeError(`message is longer than ${limit} octets`);
  return writer.finish();
}

/** A question in wire form, its name uncompressed. */
export function questionBytes(question: Question): Uint8Array {
  const name = nameToWire(question.qname);
  const out = new Uint8Array(name.length + 4);
  out.set(name);
  new DataView(out.buffer).setUint16(name.length, question.qtype);
  new DataView(out.buffer).setUint16(name.length + 2, question.qclass);
  return out;
}

function highFlags(from: Message): number {
  return (
    (from.response ? QR : 0) |
    ((from.opcode & 0x0f) << 3) |
    (from.authoritative ? AA : 0) |
    (from.truncated ? TC : 0) |
    (from.recursionDesired ? RD : 0)
  );
}

function lowFlags(from: Message): number {
  return (
    (from.recursionAvailable ? RA : 0) |
    (from.authenticData ? AD : 0) |
    (from.checkingDisabled ? CD : 0) |
    (from.rcode & 0x0f)
  );
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Reads the sections of one message in order. */
class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #name: NameBuffer = nameBuffer();
  /** Offset of a name → its text: most owners are pointers to the same place. */
  readonly #texts = new Map<number, string>();
  #at = HEADER_LENGTH;
  /** The OPT record, once it was met. */
  opt: ReturnType<typeof readOpt>;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  questions(count: number): Question[] | undefined {
    const questions: Question[] = [];
    for (let i = 0; i < count; i++) {
      const qname = this.#text();
      if (qname === undefined || this.#at + 4 > this.#bytes.length) return undefined;
      questions.push({
        qname,
        qtype: u16(this.#bytes, this.#at),
        qclass: u16(this.#bytes, this.#at + 2),
      });
      this.#at += 4;
    }
    return questions;
  }

  records(count: number, optAllowed: boolean): ResourceRecord[] | undefined {
    const records: ResourceRecord[] = [];
    for (let i = 0; i < count; i++) {
      const owner = this.#text();
      if (owner === undefined || this.#at + 10 > this.#bytes.length) return undefined;
      const type = u16(this.#bytes, this.#at);
      if (type === RRTYPE.OPT) {
        if (!optAllowed || owner !== '.' || !this.#takeOpt()) return undefined;
        continue;
      }
      const record = this.#record(owner, type);
      if (record === undefined) return undefined;
      records.push(record);
    }
    return records;
  }

  #takeOpt(): boolean {
    if (this.opt !== undefined) return false;
    this.opt = readOpt(this.#bytes, this.#at);
    this.#at += 10 + u16(this.#bytes, this.#at + 8);
    return this.opt !== undefined;
  }

  #record(owner: string, type: number): ResourceRecord | undefined {
    const at = this.#at;
    const rrclass = u16(this.#bytes, at + 2);
    const ttl = u16(this.#bytes, at + 4) * 0x1_0000 + u16(this.#bytes, at + 6);
    const start = at + 10;
    const end = start + u16(this.#bytes, at + 8);
    if (end > this.#bytes.length) return undefined;
    this.#at = end;
    const fixed = rrclass === RRCLASS.IN ? RDATA_LENGTHS.get(type) : undefined;
    if (fixed !== undefined && end - start !== fixed) return undefined;
    const rdata = this.#rdata(type, start, end);
    if (rdata === undefined) return undefined;
    // a TTL with its top bit set counts as 0 (RFC 2181 §8)
    return { owner, type, class: rrclass, ttl: ttl > 0x7fff_ffff ? 0 : ttl, rdata };
  }

  /** The data of a record with the names in it written out. */
  #rdata(type: number, start: number, end: number): Uint8Array | undefined {
    const layout = RDATA_LAYOUTS.get(type);
    if (layout === undefined) return Uint8Array.from(this.#bytes.subarray(start, end));
    const parts: Uint8Array[] = [];
    let at = start;
    for (const field of layout.fields) {
      let next: number;
      if (field === 'name') {
        next = expandName(this.#bytes, at, this.#name);
        if (next < 0 || next > end) return undefined;
        parts.push(this.#name.octets.slice(0, this.#name.length));
      } else {
        next = at + (field === 'string' ? 1 + (this.#bytes[at] ?? 0) : field);
        if (next > end) return undefined;
        parts.push(this.#bytes.subarray(at, next));
      }
      at = next;
    }
    if (at < end && !layout.open) return undefined;
    parts.push(this.#bytes.subarray(at, end));
    return concat(parts);
  }

  /** The name that stands next, as text. */
  #text(): string | undefined {
    const start = this.#at;
    const first = this.#bytes[start];
    if (first === undefined) return undefined;
    const target =
      first >= 0xc0 ? ((first & 0x3f) << 8) | (this.#bytes[start + 1] ?? 0xffff) : start;
    const known = this.#texts.get(target);
    if (known !== undefined && first >= 0xc0) {
      this.#at = start + 2;
      return known;
    }
    const end = expandName(this.#bytes, start, this.#name);
    if (end < 0) return undefined;
    const text = nameFromWire(this.#name.octets, 0)?.name;
    if (text === undefined) return undefined;
    this.#texts.set(target, text);
    this.#at = end;
    return text;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
