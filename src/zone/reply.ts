/**
 * From a found entry to a reply: copy, patch, cut to size. Allocates nothing, never throws.
 *
 * A reply is laid out as header, question (as asked), answer, authority, additional, OPT; what does not
 * fit is cut by RFC 2181 §9: additional records go first and without TC, answer records with TC.
 */
import { AA, CD, HEADER_LENGTH, MIN_UDP_LIMIT, OPT_LENGTH, QR, RD, TC } from '../wire/header.js';
import type { QueryScan } from '../wire/query-scan.js';
import {
  ANSWER_ADDITIONAL_COUNT,
  ANSWER_ADDITIONAL_LENGTH,
  ANSWER_COUNT,
  ANSWER_FIXUPS,
  ANSWER_HEADER,
  ANSWER_LENGTH,
  ANSWER_ROTATE_COUNT,
  ANSWER_ROTATE_SIZE,
  ANSWER_ROTATE_START,
} from './layout.js';
import type { SoaTemplate } from './soa.js';
import type { TableReader } from './table-reader.js';

/** The largest reply that may be sent: by transport, by our own limit, by the client's EDNS size. */
export function replyLimit(
  scan: QueryScan,
  isDatagram: boolean,
  udpLimit: number,
  capacity: number,
): number {
  if (!isDatagram) return capacity;
  const client = scan.hasEdns && scan.udpSize > MIN_UDP_LIMIT ? scan.udpSize : MIN_UDP_LIMIT;
  return Math.min(client, udpLimit, capacity);
}

/** Copies `length` octets between buffers; short runs are faster by hand than by a view. */
function copy(from: Uint8Array, at: number, to: Uint8Array, toAt: number, length: number): void {
  for (let i = 0; i < length; i++) to[toAt + i] = from[at + i]!;
}

/** Writes header (counts 0) and question; returns the offset behind it. */
export function writeHead(
  query: Uint8Array,
  start: number,
  scan: QueryScan,
  out: Uint8Array,
  outStart: number,
  rcode: number,
  authoritative: boolean,
): number {
  copy(query, start, out, outStart, scan.questionEnd);
  out[outStart + 2] = QR | (authoritative ? AA : 0) | (query[start + 2]! & RD);
  out[outStart + 3] = (query[start + 3]! & CD) | rcode;
  out[outStart + 6] = 0;
  out[outStart + 7] = 0;
  out[outStart + 8] = 0;
  out[outStart + 9] = 0;
  out[outStart + 10] = 0;
  out[outStart + 11] = 0;
  return outStart + scan.questionEnd;
}

/** A reply of the header alone, for what can't be parsed: ID, opcode, RD and CD of the query. */
export function writeHeaderOnly(
  query: Uint8Array,
  start: number,
  out: Uint8Array,
  outStart: number,
  rcode: number,
): number {
  out[outStart] = query[start]!;
  out[outStart + 1] = query[start + 1]!;
  out[outStart + 2] = QR | (query[start + 2]! & 0x79);
  out[outStart + 3] = (query[start + 3]! & CD) | rcode;
  for (let i = 4; i < HEADER_LENGTH; i++) out[outStart + i] = 0;
  return HEADER_LENGTH;
}

/** Appends OPT (RFC 6891 §6.1.2): our size, version 0, DO as asked, the upper bits of the rcode. */
export function writeOpt(
  out: Uint8Array,
  outStart: number,
  at: number,
  scan: QueryScan,
  udpLimit: number,
  extendedRcode: number,
): number {
  out[at] = 0;
  out[at + 1] = 0;
  out[at + 2] = 41;
  out[at + 3] = udpLimit >> 8;
  out[at + 4] = udpLimit;
  out[at + 5] = extendedRcode;
  out[at + 6] = 0;
  out[at + 7] = scan.dnssecOk ? 0x80 : 0;
  out[at + 8] = 0;
  out[at + 9] = 0;
  out[at + 10] = 0;
  addCount(out, outStart + 10, 1);
  return at + OPT_LENGTH;
}

function addCount(out: Uint8Array, at: number, by: number): void {
  const value = ((out[at]! << 8) | out[at + 1]!) + by;
  out[at] = value >> 8;
  out[at + 1] = value;
}

/**
 * Copies the SOA behind `at` into the section counted at `countAt` (6 answer, 8 authority).
 * `apexAt` is where the zone apex starts in the message.
 */
export function writeSoa(
  template: SoaTemplate,
  serial: number,
  apexAt: number,
  out: Uint8Array,
  outStart: number,
  at: number,
  countAt: number,
): number {
  const { octets, apexPointers, serialAt } = template;
  copy(octets, 0, out, at, octets.length);
  for (let i = 0; i < apexPointers.length; i++) {
    const place = at + apexPointers[i]!;
    out[place] = 0xc0 | (apexAt >> 8);
    out[place + 1] = apexAt;
  }
  const place = at + serialAt;
  out[place] = serial >>> 24;
  out[place + 1] = serial >>> 16;
  out[place + 2] = serial >>> 8;
  out[place + 3] = serial;
  addCount(out, outStart + countAt, 1);
  return at + octets.length;
}

/** Random starts for rotation; one state a thread. */
export class Rotation {
  #state: number;

  /** @param seed anything but 0 */
  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** Uniform in 0..count-1 (xorshift32, Marsaglia 2003). */
  next(count: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % count;
  }
}

/**
 * Copies an answer behind `at`, as much of it as stays within `limit` octets of the message.
 * Returns the offset behind it; sets the counts, and TC when an answer record is left out.
 *
 * @param answer the answer's offset in the table
 */
export function writeAnswer(
  reader: TableReader,
  answer: number,
  rotation: Rotation,
  out: Uint8Array,
  outStart: number,
  at: number,
  limit: number,
): number {
  const { octets, halves, words } = reader;
  const half = answer >> 1;
  const answerLength = words[(answer + ANSWER_LENGTH) >> 2]!;
  const additionalLength = words[(answer + ANSWER_ADDITIONAL_LENGTH) >> 2]!;
  const fixups = halves[half + (ANSWER_FIXUPS >> 1)]!;
  const body = answer + ((ANSWER_HEADER + fixups * 2 + 3) & ~3);
  const room = outStart + limit - at;
  const rotateSize = halves[half + (ANSWER_ROTATE_SIZE >> 1)]!;
  let count = halves[half + (ANSWER_COUNT >> 1)]!;
  let length = answerLength;
  if (length > room) {
    if (rotateSize > 0) {
      const rotateStart = halves[half + (ANSWER_ROTATE_START >> 1)]!;
      const fitting = Math.floor((room - rotateStart) / rotateSize);
      count -= halves[half + (ANSWER_ROTATE_COUNT >> 1)]! - fitting;
      length = rotateStart + fitting * rotateSize;
    } else {
      length = fittingRecords(octets, body, count, room);
      count = recordsIn(octets, body, length);
    }
    out[outStart + 2]! |= TC;
  }
  if (rotateSize > 0) {
    const rotateStart = halves[half + (ANSWER_ROTATE_START >> 1)]!;
    const rotateCount = halves[half + (ANSWER_ROTATE_COUNT >> 1)]!;
    copyRotated(octets, body, rotateStart, rotateSize, rotateCount, rotation, out, at, length);
  } else {
    copy(octets, body, out, at, length);
  }
  out[outStart + 6] = count >> 8;
  out[outStart + 7] = count;
  let end = at + length;
  if (additionalLength > 0 && length === answerLength && length + additionalLength <= room) {
    copy(octets, body + answerLength, out, end, additionalLength);
    end += additionalLength;
    addCount(out, outStart + 10, halves[half + (ANSWER_ADDITIONAL_COUNT >> 1)]!);
  }
  applyFixups(halves, half + (ANSWER_HEADER >> 1), fixups, out, outStart, at, end);
  return end;
}

/** Copies records of equal size, starting at a random one and going round. */
function copyRotated(
  octets: Uint8Array,
  body: number,
  rotateStart: number,
  size: number,
  count: number,
  rotation: Rotation,
  out: Uint8Array,
  at: number,
  length: number,
): void {
  copy(octets, body, out, at, rotateStart);
  const first = count > 1 ? rotation.next(count) : 0;
  const wanted = length - rotateStart;
  const tail = Math.min(wanted, (count - first) * size);
  const records = body + rotateStart;
  copy(octets, records + first * size, out, at + rotateStart, tail);
  copy(octets, records, out, at + rotateStart + tail, wanted - tail);
}

/** Turns pointers that count from the answer's start into pointers of the message. */
function applyFixups(
  halves: Uint16Array,
  list: number,
  count: number,
  out: Uint8Array,
  outStart: number,
  at: number,
  end: number,
): void {
  for (let i = 0; i < count; i++) {
    const place = at + halves[list + i]!;
    if (place + 2 > end) return;
    const target = (((out[place]! & 0x3f) << 8) | out[place + 1]!) + (at - outStart);
    out[place] = 0xc0 | (target >> 8);
    out[place + 1] = target;
  }
}

/** The octets of those whole records at `from` that fit into `room`. */
function fittingRecords(octets: Uint8Array, from: number, count: number, room: number): number {
  let at = from;
  for (let i = 0; i < count; i++) {
    const next = recordEnd(octets, at);
    if (next - from > room) break;
    at = next;
  }
  return at - from;
}

function recordsIn(octets: Uint8Array, from: number, length: number): number {
  let count = 0;
  for (let at = from; at < from + length; at = recordEnd(octets, at)) count += 1;
  return count;
}

/** Just behind the record at `at` of our own answers: a pointer or a written-out name in front. */
function recordEnd(octets: Uint8Array, at: number): number {
  let place = at;
  while (octets[place]! > 0 && octets[place]! < 0xc0) place += octets[place]! + 1;
  place += octets[place] === 0 ? 1 : 2;
  return place + 10 + ((octets[place + 8]! << 8) | octets[place + 9]!);
}
