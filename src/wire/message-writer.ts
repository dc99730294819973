/** Writes one message into a buffer of bounded size, compressing names, with a way back to a mark. */
import { labelsOf, nameToWire } from '../dns/name.js';
import type { ResourceRecord } from '../dns/resource-record.js';
import { HEADER_LENGTH } from './header.js';
import { RDATA_LAYOUTS } from './rdata-layout.js';
import { wireLabels, wireNameLength } from './wire-name.js';

/** The last offset that a compression pointer can name (14 bits). */
const MAX_POINTER = 0x3fff;

/** A state of a writer that it can go back to. */
export interface WriterMark {
  readonly length: number;
  readonly suffixes: number;
}

/** The sections that records are counted in, by the offset of their count in the header. */
export const SECTION = { ANSWER: 6, AUTHORITY: 8, ADDITIONAL: 10 } as const;
export type Section = (typeof SECTION)[keyof typeof SECTION];

/**
 * One message in the making. Cost is linear in what is written: a suffix is looked up by its leftmost
 * label and the offset of the rest, so no suffix is ever hashed as a whole.
 *
 * Names are compressed only onto names of the same letter case, so that every name keeps its own.
 */
export class MessageWriter {
  #limit: number;
  #bytes: Uint8Array;
  #length = HEADER_LENGTH;
  #full = false;
  /** `label/offset of the rest` → offset of the suffix. */
  readonly #suffixes = new Map<string, number>();
  /** Keys of {@link #suffixes} in the order they came, for {@link rollback}. */
  readonly #order: string[] = [];
  #lastName = '';
  #lastOffset = -1;

  /** @param limit octets that the message may have, at least 12 */
  constructor(limit: number) {
    this.#limit = limit;
    this.#bytes = new Uint8Array(Math.min(limit, 1024));
  }

  /** Octets written so far. */
  get length(): number {
    return this.#length;
  }

  /** Gives the message so many octets more: room that was held back for an OPT record. */
  grow(octets: number): void {
    this.#limit += octets;
  }

  /** Sets the ID and the two octets of flags. */
  header(id: number, flagsHigh: number, flagsLow: number): void {
    this.#bytes[0] = id >> 8;
    this.#bytes[1] = id & 0xff;
    this.#bytes[2] = flagsHigh;
    this.#bytes[3] = flagsLow;
  }

  /** Writes one question from wire form (uncompressed name, type, class) as it is; false when it does not fit. */
  question(wire: Uint8Array): boolean {
    const start = this.#length;
    if (!this.#octets(wire)) return this.#undo({ length: start, suffixes: this.#order.length });
    this.#learn(wireLabels(wire, 0), start);
    this.#count(4, 1);
    return true;
  }

  /**
   * Writes one record; false (and nothing written) when it does not fit.
   * @param owner stands in for the record's own owner name
   * @throws SvcdnsError NAME_INVALID when the owner is no name
   */
  record(section: Section, record: ResourceRecord, owner: string = record.owner): boolean {
    const mark = this.mark();
    this.#name(owner);
    this.#u16(record.type);
    this.#u16(record.class);
    this.#u32(record.ttl);
    const lengthAt = this.#length;
    this.#u16(0);
    this.#rdata(record);
    if (this.#full) return this.#undo(mark);
    const length = this.#length - lengthAt - 2;
    this.#bytes[lengthAt] = length >> 8;
    this.#bytes[lengthAt + 1] = length & 0xff;
    this.#count(section, 1);
    return true;
  }

  /** Writes a finished record without compressible names (an OPT); false when it does not fit. */
  raw(section: Section, bytes: Uint8Array): boolean {
    const mark = this.mark();
    if (!this.#octets(bytes)) return this.#undo(mark);
    this.#count(section, 1);
    return true;
  }

  /** Where the writer stands. */
  mark(): WriterMark {
    return { length: this.#length, suffixes: this.#order.length };
  }

  /** Takes back `records` records of a section that were written since the mark. */
  rollback(mark: WriterMark, section: Section, records: number): void {
    this.#undo(mark);
    this.#count(section, -records);
  }

  /** The message, in memory of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #undo(mark: WriterMark): false {
    this.#length = mark.length;
    this.#full = false;
    for (const key of this.#order.splice(mark.suffixes)) this.#suffixes.delete(key);
    if (this.#lastOffset >= mark.length) this.#lastOffset = -1;
    return false;
  }

  #count(at: number, by: number): void {
    const count = ((this.#bytes[at] ?? 0) << 8) + (this.#bytes[at + 1] ?? 0) + by;
    this.#bytes[at] = count >> 8;
    this.#bytes[at + 1] = count & 0xff;
  }

  #rdata(record: ResourceRecord): void {
    const layout = RDATA_LAYOUTS.get(record.type);
    if (layout?.compress !== true) {
      this.#octets(record.rdata);
      return;
    }
    let at = 0;
    for (const field of layout.fields) {
      if (field === 'name') {
        this.#labels(wireLabels(record.rdata, at));
        at += wireNameLength(record.rdata, at);
      } else if (field !== 'string') {
        this.#octets(record.rdata.subarray(at, at + field));
        at += field;
      }
    }
  }

  /** A name in text form; the one written just before costs two octets and no look-up. */
  #name(name: string): void {
    if (name === this.#lastName && this.#lastOffset >= 0) {
      this.#u16(0xc000 | this.#lastOffset);
      return;
    }
    const offset = this.#labels(rawLabels(name));
    if (offset <= MAX_POINTER) {
      this.#lastName = name;
      this.#lastOffset = offset;
    }
  }

  /** Writes a name by its labels; returns an offset at which the whole name can be found. */
  #labels(labels: readonly string[]): number {
    let rest = 0;
    let left = labels.length;
    while (left > 0) {
      const known = this.#suffixes.get(`${labels[left - 1]}/${rest}`);
      if (known === undefined) break;
      rest = known;
      left -= 1;
    }
    if (left === 0 && rest > 0) {
      this.#u16(0xc000 | rest);
      return rest;
    }
    const start = this.#length;
    for (let i = 0; i < left; i++) this.#label(labels[i] ?? '');
    if (rest > 0) this.#u16(0xc000 | rest);
    else this.#u8(0);
    if (!this.#full) this.#learn(labels.slice(0, left), start, rest);
    return start;
  }

  /** Remembers every suffix of a name just written at `start`, whose labels end in the suffix at `rest`. */
  #learn(labels: readonly string[], start: number, rest = 0): void {
    let at = start;
    for (const label of labels) at += label.length + 1;
    let parent = rest;
    for (let i = labels.length - 1; i >= 0; i--) {
      const label = labels[i] ?? '';
      at -= label.length + 1;
      if (at > MAX_POINTER) return;
      const key = `${label}/${parent}`;
      this.#suffixes.set(key, at);
      this.#order.push(key);
      parent = at;
    }
  }

  #label(label: string): void {
    if (!this.#room(label.length + 1)) return;
    this.#bytes[this.#length] = label.length;
    for (let i = 0; i < label.length; i++) {
      this.#bytes[this.#length + 1 + i] = label.charCodeAt(i);
    }
    this.#length += label.length + 1;
  }

  #u8(value: number): void {
    if (!this.#room(1)) return;
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #u16(value: number): void {
    if (!this.#room(2)) return;
    this.#bytes[this.#length] = value >> 8;
    this.#bytes[this.#length + 1] = value;
    this.#length += 2;
  }

  #u32(value: number): void {
    this.#u16(value >>> 16);
    this.#u16(value & 0xffff);
  }

  #octets(octets: Uint8Array): boolean {
    if (!this.#room(octets.length)) return false;
    this.#bytes.set(octets, this.#length);
    this.#length += octets.length;
    return true;
  }

  /** Whether so many octets fit; makes the memory for them. Once they do not, nothing does until a way back. */
  #room(octets: number): boolean {
    const needed = this.#length + octets;
    if (this.#full || needed > this.#limit) {
      this.#full = true;
      return false;
    }
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(
        Math.min(this.#limit, Math.max(needed, this.#bytes.length * 2)),
      );
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    return true;
  }
}

/** The labels of a name in text form with their escapes undone, each octet as one character. */
function rawLabels(name: string): string[] {
  // whatever is not plain is checked by nameToWire, and so is everything whose length may be too much
  if (name.includes('\\') || name.length > 254) return wireLabels(nameToWire(name), 0);
  const labels = labelsOf(name);
  for (const label of labels) {
    if (label.length === 0 || label.length > 63 || !isLatin(label)) {
      return wireLabels(nameToWire(name), 0);
    }
  }
  return labels;
}

function isLatin(label: string): boolean {
  for (let i = 0; i < label.length; i++) if (label.charCodeAt(i) > 0xff) return false;
  return true;
}
