/** RRsets to entries: the octets of layout.ts for one owner name. Pure. */
import { addressFromText } from '../dns/address.js';
import { nameToWire } from '../dns/name.js';
import { RRCLASS } from '../dns/rrclass.js';
import { RRTYPE } from '../dns/rrtype.js';
import type {
  CnameRRset,
  OwnerRecords,
  RelativeName,
  RRset,
  TargetAddresses,
} from '../records/rrset.js';
import { hashOctets } from '../wire/query-scan.js';
import {
  ANSWER_ADDITIONAL_COUNT,
  ANSWER_ADDITIONAL_LENGTH,
  ANSWER_ASK_CHAIN,
  ANSWER_COUNT,
  ANSWER_FIXUPS,
  ANSWER_FLAGS,
  ANSWER_HEADER,
  ANSWER_LENGTH,
  ANSWER_NXDOMAIN,
  ANSWER_ROTATE_COUNT,
  ANSWER_ROTATE_SIZE,
  ANSWER_ROTATE_START,
  ANSWER_WITH_SOA,
  ENTRY_ANSWERS,
  ENTRY_FLAGS,
  ENTRY_KEY,
  ENTRY_KEY_LENGTH,
  ENTRY_SIZE,
  FLAG_PODS_INSECURE,
  FLAG_PODS_VERIFIED,
  FLAG_SHORT,
  MAX_FIXUP,
  TYPE_OTHER,
} from './layout.js';
import { nameBefore, relativeKey } from './relative-key.js';

/** The pointer to the question's name: every message has it at offset 12. */
const QUESTION_POINTER = 0xc00c;

/** What all answers of a zone share. */
export interface ZoneContext {
  /** The zone that targets are relative to, canonical. */
  readonly zone: string;
  readonly ttlSeconds: number;
  /** Whether a name may be asked for without `svc` and zone: false for namespaces that are top-level domains. */
  allowsShort(name: RelativeName): boolean;
}

/** An answer while it is written. */
interface AnswerDraft {
  readonly qtype: number;
  readonly octets: Writer;
  readonly fixups: number[];
  answerCount: number;
  answerLength: number;
  additionalCount: number;
  flags: number;
  rotateSize: number;
  rotateStart: number;
  rotateCount: number;
}

/** What the records of one entry are written with. */
interface RecordContext {
  /** The zone behind relative names. */
  readonly zoneWire: Uint8Array;
  readonly ttlSeconds: number;
}

const ROOT = new Uint8Array(1);

function recordContext({ zone, ttlSeconds }: ZoneContext): RecordContext {
  return { zoneWire: nameBefore(zone === '.' ? '' : zone.slice(0, -1), ROOT), ttlSeconds };
}

/** One owner name's entry, position-independent, its length a multiple of four. */
export function compileEntry(owner: OwnerRecords, context: ZoneContext): Uint8Array {
  const key = relativeKey(owner.name);
  const records = recordContext(context);
  const answers = owner.rrsets.flatMap((rrset) => compileRRset(rrset, records));
  let offset = align4(ENTRY_KEY + key.length) + answers.length * 8;
  const directory = answers.map((answer) => {
    const at = offset;
    offset += align4(ANSWER_HEADER + answer.fixups.length * 2);
    offset = align4(offset + answer.octets.length);
    return at;
  });
  const bytes = new Uint8Array(offset);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, hashOctets(key, 0, key.length), true);
  view.setUint32(ENTRY_SIZE, bytes.length, true);
  bytes[ENTRY_KEY_LENGTH] = key.length;
  bytes[ENTRY_FLAGS] = entryFlags(owner, context);
  bytes[ENTRY_ANSWERS] = answers.length;
  bytes.set(key, ENTRY_KEY);
  answers.forEach((answer, i) => {
    const slot = align4(ENTRY_KEY + key.length) + i * 8;
    const at = directory[i]!;
    view.setUint16(slot, answer.qtype, true);
    view.setUint32(slot + 4, at, true);
    writeAnswer(bytes, view, at, answer);
  });
  return bytes;
}

function entryFlags(owner: OwnerRecords, context: ZoneContext): number {
  let flags = 0;
  if (owner.podParent === 'insecure') flags |= FLAG_PODS_INSECURE;
  if (owner.podParent === 'verified') flags |= FLAG_PODS_VERIFIED;
  if (owner.short === true && context.allowsShort(owner.name)) flags |= FLAG_SHORT;
  return flags;
}

function writeAnswer(bytes: Uint8Array, view: DataView, at: number, answer: AnswerDraft): void {
  view.setUint16(at + ANSWER_COUNT, answer.answerCount, true);
  view.setUint16(at + ANSWER_ADDITIONAL_COUNT, answer.additionalCount, true);
  view.setUint32(at + ANSWER_LENGTH, answer.answerLength, true);
  view.setUint32(at + ANSWER_ADDITIONAL_LENGTH, answer.octets.length - answer.answerLength, true);
  view.setUint16(at + ANSWER_FLAGS, answer.flags, true);
  view.setUint16(at + ANSWER_ROTATE_SIZE, answer.rotateSize, true);
  view.setUint16(at + ANSWER_ROTATE_START, answer.rotateStart, true);
  view.setUint16(at + ANSWER_ROTATE_COUNT, answer.rotateCount, true);
  view.setUint16(at + ANSWER_FIXUPS, answer.fixups.length, true);
  answer.fixups.forEach((place, i) => {
    view.setUint16(at + ANSWER_HEADER + i * 2, place, true);
  });
  bytes.set(answer.octets.bytes(), at + align4(ANSWER_HEADER + answer.fixups.length * 2));
}

function align4(octets: number): number {
  return (octets + 3) & ~3;
}

function compileRRset(rrset: RRset, context: RecordContext): AnswerDraft[] {
  switch (rrset.type) {
    case 'A':
    case 'AAAA':
      return [compileAddresses(rrset.type, rrset.addresses, context)];
    case 'SRV':
      return [compileSrv(rrset, context)];
    case 'PTR':
      return [compilePtr(rrset.targets, context)];
    case 'NS':
      return [compileNs(rrset.targets, context)];
    case 'TXT':
      return [compileTxt(rrset.texts, rrset.ttlSeconds)];
    case 'CNAME':
      return compileCname(rrset, context);
  }
}

function draft(qtype: number): AnswerDraft {
  return {
    qtype,
    octets: new Writer(),
    fixups: [],
    answerCount: 0,
    answerLength: 0,
    additionalCount: 0,
    flags: 0,
    rotateSize: 0,
    rotateStart: 0,
    rotateCount: 0,
  };
}

/** Ends the answer section: what is written from here on is additional. */
function closeAnswer(answer: AnswerDraft): AnswerDraft {
  answer.answerLength = answer.octets.length;
  return answer;
}

/** Type, class, TTL and the length of the RDATA, behind an owner name. */
function recordHead(writer: Writer, type: number, ttl: number, rdataLength: number): void {
  writer.u16(type);
  writer.u16(RRCLASS.IN);
  writer.u32(ttl);
  writer.u16(rdataLength);
}

function compileAddresses(
  type: 'A' | 'AAAA',
  addresses: readonly string[],
  { ttlSeconds }: RecordContext,
): AnswerDraft {
  const answer = draft(RRTYPE[type]);
  for (const address of addresses) {
    answer.octets.u16(QUESTION_POINTER);
    writeAddress(answer.octets, address, ttlSeconds);
  }
  answer.answerCount = addresses.length;
  answer.rotateSize = type === 'A' ? 16 : 28;
  answer.rotateCount = addresses.length;
  return closeAnswer(answer);
}

function writeAddress(writer: Writer, address: string, ttl: number): void {
  const bytes = addressFromText(address);
  if (bytes === undefined)
    throw new Error(`${address} is no address; it had to be dropped earlier`);
  recordHead(writer, bytes.length === 4 ? RRTYPE.A : RRTYPE.AAAA, ttl, bytes.length);
  writer.octets(bytes);
}

/** SRV with the addresses of its targets as additional records (RFC 2782); targets are never compressed. */
function compileSrv(
  rrset: Extract<RRset, { type: 'SRV' }>,
  { zoneWire, ttlSeconds }: RecordContext,
): AnswerDraft {
  const answer = draft(RRTYPE.SRV);
  const places = new Map<RelativeName, number>();
  for (const { priority, weight, port, target } of rrset.records) {
    const name = nameBefore(target, zoneWire);
    answer.octets.u16(QUESTION_POINTER);
    recordHead(answer.octets, RRTYPE.SRV, ttlSeconds, 6 + name.length);
    answer.octets.u16(priority);
    answer.octets.u16(weight);
    answer.octets.u16(port);
    if (!places.has(target)) places.set(target, answer.octets.length);
    answer.octets.octets(name);
  }
  answer.answerCount = rrset.records.length;
  closeAnswer(answer);
  writeGlue(answer, places, rrset.targets, { zoneWire, ttlSeconds });
  return answer;
}

/** Address records for names that stand in the answer's RDATA, as additional section. */
function writeGlue(
  answer: AnswerDraft,
  places: ReadonlyMap<RelativeName, number>,
  targets: ReadonlyMap<RelativeName, TargetAddresses>,
  { zoneWire, ttlSeconds }: RecordContext,
): void {
  for (const [target, place] of places) {
    const addresses = targets.get(target);
    for (const address of [...(addresses?.v4 ?? []), ...(addresses?.v6 ?? [])]) {
      writeInnerOwner(answer, place, () => nameBefore(target, zoneWire));
      writeAddress(answer.octets, address, ttlSeconds);
      answer.additionalCount += 1;
    }
  }
}

/** An owner name that stands earlier in the answer: a pointer with a fix-up, or written out when too far. */
function writeInnerOwner(answer: AnswerDraft, place: number, name: () => Uint8Array): void {
  if (place > MAX_FIXUP || answer.octets.length > 0xffff) {
    answer.octets.octets(name());
    return;
  }
  answer.fixups.push(answer.octets.length);
  // the pointer bits are set at once, so that records can be walked before the fix-up
  answer.octets.u16(0xc000 | place);
}

function compilePtr(
  targets: readonly RelativeName[],
  { zoneWire, ttlSeconds }: RecordContext,
): AnswerDraft {
  const answer = draft(RRTYPE.PTR);
  for (const target of targets) {
    const name = nameBefore(target, zoneWire);
    answer.octets.u16(QUESTION_POINTER);
    recordHead(answer.octets, RRTYPE.PTR, ttlSeconds, name.length);
    answer.octets.octets(name);
  }
  answer.answerCount = targets.length;
  return closeAnswer(answer);
}

function compileNs(
  targets: ReadonlyMap<RelativeName, TargetAddresses>,
  { zoneWire, ttlSeconds }: RecordContext,
): AnswerDraft {
  const answer = draft(RRTYPE.NS);
  const places = new Map<RelativeName, number>();
  for (const target of targets.keys()) {
    const name = nameBefore(target, zoneWire);
    answer.octets.u16(QUESTION_POINTER);
    recordHead(answer.octets, RRTYPE.NS, ttlSeconds, name.length);
    places.set(target, answer.octets.length);
    answer.octets.octets(name);
  }
  answer.answerCount = targets.size;
  closeAnswer(answer);
  writeGlue(answer, places, targets, { zoneWire, ttlSeconds });
  return answer;
}

function compileTxt(texts: readonly string[], ttlSeconds: number): AnswerDraft {
  const answer = draft(RRTYPE.TXT);
  const strings = texts.map((text) => new TextEncoder().encode(text));
  const length = strings.reduce((sum, string) => sum + 1 + string.length, 0);
  answer.octets.u16(QUESTION_POINTER);
  recordHead(answer.octets, RRTYPE.TXT, ttlSeconds, length);
  for (const string of strings) {
    answer.octets.u8(string.length);
    answer.octets.octets(string);
  }
  answer.answerCount = 1;
  return closeAnswer(answer);
}

/** An alias answers its CNAME by itself; any other type needs where it ends. */
function compileCname(rrset: CnameRRset, context: RecordContext): AnswerDraft[] {
  const target = nameToWire(rrset.target);
  const alone = draft(RRTYPE.CNAME);
  writeCname(alone.octets, target, context.ttlSeconds);
  alone.answerCount = 1;
  closeAnswer(alone);
  const ask = draft(TYPE_OTHER);
  ask.flags = ANSWER_ASK_CHAIN;
  const { end } = rrset;
  if (end.kind === 'outside') return [alone, ask];
  return [
    alone,
    compileAlias(RRTYPE.A, end.path, end.addresses.v4, end.exists, context),
    compileAlias(RRTYPE.AAAA, end.path, end.addresses.v6, end.exists, context),
    ask,
  ];
}

function writeCname(writer: Writer, target: Uint8Array, ttl: number): void {
  writer.u16(QUESTION_POINTER);
  recordHead(writer, RRTYPE.CNAME, ttl, target.length);
  writer.octets(target);
}

/** The alias chain and what its last name answers; without an address the SOA follows (RFC 2308 §2). */
function compileAlias(
  type: number,
  path: readonly string[],
  addresses: readonly string[],
  exists: boolean,
  { ttlSeconds }: RecordContext,
): AnswerDraft {
  const answer = draft(type);
  let place = -1;
  let owner = '';
  for (const target of path) {
    const wire = nameToWire(target);
    const previous = owner;
    if (place < 0) answer.octets.u16(QUESTION_POINTER);
    else writeInnerOwner(answer, place, () => nameToWire(previous));
    recordHead(answer.octets, RRTYPE.CNAME, ttlSeconds, wire.length);
    place = answer.octets.length;
    owner = target;
    answer.octets.octets(wire);
    answer.answerCount += 1;
  }
  if (addresses.length === 0) {
    answer.flags = exists ? ANSWER_WITH_SOA : ANSWER_WITH_SOA | ANSWER_NXDOMAIN;
    return closeAnswer(answer);
  }
  for (const address of addresses) {
    writeInnerOwner(answer, place, () => nameToWire(owner));
    writeAddress(answer.octets, address, ttlSeconds);
  }
  answer.answerCount += addresses.length;
  return closeAnswer(answer);
}

/** A growing run of octets in network order. */
class Writer {
  #bytes = new Uint8Array(128);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = value >>> 8;
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  octets(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.bytes());
    this.#bytes = larger;
  }
}
