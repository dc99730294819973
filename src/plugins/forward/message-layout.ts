/** Where the records of a message stand: one strict walk over its bytes, after which offsets can be trusted. */
import { RRTYPE } from '../../dns/rrtype.js';
import { readOpt } from '../../wire/edns.js';
import { HEADER_LENGTH } from '../../wire/header.js';
import { RDATA_LAYOUTS, RDATA_LENGTHS } from '../../wire/rdata-layout.js';
import { expandName, type NameBuffer } from '../../wire/wire-name.js';

/** Sections that hold records. */
export const ANSWER = 0;
export const AUTHORITY = 1;
export const ADDITIONAL = 2;
export type SectionIndex = 0 | 1 | 2;

/** One record's offsets; all of them lie inside of the message. */
export interface RecordPlace {
  readonly section: SectionIndex;
  /** Offset of the owner name. */
  readonly owner: number;
  readonly type: number;
  /** Seconds; a value with its top bit set counts as 0 (RFC 2181 §8). */
  readonly ttl: number;
  readonly ttlAt: number;
  readonly rdata: number;
  readonly end: number;
}

/** A message with one question (or none), every name and length of it checked. */
export interface MessageLayout {
  /** Length of the qname in octets, uncompressed; 0 when there is no question. */
  readonly qnameLength: number;
  readonly questionEnd: number;
  /** In the order of the message, OPT included. */
  readonly records: readonly RecordPlace[];
  /** Just behind the last record; what follows is no part of the message. */
  readonly end: number;
}

const SECTION_OF_COUNT: readonly SectionIndex[] = [ANSWER, AUTHORITY, ADDITIONAL];

/**
 * The layout of a message, or undefined when anything about it is malformed (see `decodeMessage`), when it
 * has more than one question, or when its qname is compressed.
 * @param scratch overwritten
 */
export function layoutOf(message: Uint8Array, scratch: NameBuffer): MessageLayout | undefined {
  if (message.length < HEADER_LENGTH) return undefined;
  const questions = u16(message, 4);
  if (questions > 1) return undefined;
  let at = HEADER_LENGTH;
  let qnameLength = 0;
  if (questions === 1) {
    at = expandName(message, at, scratch);
    qnameLength = scratch.length;
    if (at !== HEADER_LENGTH + qnameLength || at + 4 > message.length) return undefined;
    at += 4;
  }
  const questionEnd = at;
  const records: RecordPlace[] = [];
  let hasOpt = false;
  for (const section of SECTION_OF_COUNT) {
    for (let left = u16(message, 6 + 2 * section); left > 0; left--) {
      const record = recordAt(message, at, section, scratch);
      if (record === undefined) return undefined;
      if (record.type === RRTYPE.OPT) {
        if (hasOpt || !isOpt(message, record)) return undefined;
        hasOpt = true;
      }
      records.push(record);
      at = record.end;
    }
  }
  return { qnameLength, questionEnd, records, end: at };
}

/** An OPT record stands in the additional section, belongs to the root, and its options fill it (RFC 6891 §6.1.1). */
function isOpt(message: Uint8Array, record: RecordPlace): boolean {
  const { section, owner, ttlAt } = record;
  return (
    section === ADDITIONAL && message[owner] === 0 && readOpt(message, ttlAt - 4) !== undefined
  );
}

function recordAt(
  message: Uint8Array,
  owner: number,
  section: SectionIndex,
  scratch: NameBuffer,
): RecordPlace | undefined {
  const at = expandName(message, owner, scratch);
  if (at < 0 || at + 10 > message.length) return undefined;
  const type = u16(message, at);
  const ttl = u16(message, at + 4) * 0x1_0000 + u16(message, at + 6);
  const rdata = at + 10;
  const end = rdata + u16(message, at + 8);
  if (end > message.length || !isRdata(message, type, rdata, end, scratch)) return undefined;
  const seconds = ttl > 0x7fff_ffff ? 0 : ttl;
  return { section, owner, type, ttl: seconds, ttlAt: at + 4, rdata, end };
}

/** Whether the data fills its length with what its type calls for. */
function isRdata(
  message: Uint8Array,
  type: number,
  start: number,
  end: number,
  scratch: NameBuffer,
): boolean {
  const fixed = RDATA_LENGTHS.get(type);
  if (fixed !== undefined) return end - start === fixed;
  const layout = RDATA_LAYOUTS.get(type);
  if (layout === undefined) return true;
  let at = start;
  for (const field of layout.fields) {
    if (field === 'name') at = expandName(message, at, scratch);
    else at += field === 'string' ? 1 + (message[at] ?? 0) : field;
    if (at < 0 || at > end) return false;
  }
  return at === end || layout.open;
}

/** A 16-bit number; the caller knows that it lies inside. */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** A 32-bit number; the caller knows that it lies inside. */
export function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
}

/** Lower case of an ASCII letter, any other octet as it is (RFC 4343). */
export function foldOctet(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}

/**
 * Whether two names, each perhaps compressed in its own message, are equal but for letter case.
 * Both must have passed {@link layoutOf} (or be uncompressed and whole).
 */
export function sameName(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): boolean {
  let aAt = aStart;
  let bAt = bStart;
  for (;;) {
    aAt = labelAt(a, aAt);
    bAt = labelAt(b, bAt);
    if (a === b && aAt === bAt) return true;
    const length = a[aAt] ?? 0;
    if (length !== (b[bAt] ?? 0)) return false;
    if (length === 0) return true;
    for (let i = 1; i <= length; i++) {
      if (foldOctet(a[aAt + i] ?? 0) !== foldOctet(b[bAt + i] ?? 0)) return false;
    }
    aAt += length + 1;
    bAt += length + 1;
  }
}

/** Follows pointers to the next label's length octet. */
function labelAt(message: Uint8Array, start: number): number {
  let at = start;
  for (let octet = message[at] ?? 0; octet >= 0xc0; octet = message[at] ?? 0) {
    at = ((octet & 0x3f) << 8) | (message[at + 1] ?? 0);
  }
  return at;
}

/** Whether the name at `name` lies strictly below the one at `ancestor`, both in one checked message. */
export function isBelow(message: Uint8Array, name: number, ancestor: number): boolean {
  let at = labelAt(message, name);
  while ((message[at] ?? 0) !== 0) {
    at = labelAt(message, at + 1 + (message[at] ?? 0));
    if (sameName(message, at, message, ancestor)) return true;
  }
  return false;
}
