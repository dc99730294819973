/**
 * The form in which an answer is kept: one array of octets that is copied behind an asker's question.
 *
 * ```
 *   0  length of the key (16 bits)     8  ARCOUNT without OPT (16)
 *   2  octet 2 of the header: AA      10  number n of TTL places (16)
 *   3  octet 3: RA, AD, rcode         12  the key: qname in lower case, qtype, qclass, DO|CD<<1
 *   4  ANCOUNT (16)                    …  n places (16 bits each): where TTLs stand in the whole message
 *   6  NSCOUNT (16)                    …  the records as they follow the question
 * ```
 *
 * An owner that equals the qname is a pointer to the question, so one entry serves every letter case.
 * Pointers stay true because every question with this key is as long as the one that was answered.
 */

import { canonicalName } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { AA, AD, HEADER_LENGTH, RA, RCODE_MASK, TC } from '../../wire/header.js';
import { decodeMessage, encodeMessage, message } from '../../wire/message.js';
import type { NameBuffer } from '../../wire/wire-name.js';
import {
  ADDITIONAL,
  ANSWER,
  AUTHORITY,
  layoutOf,
  type MessageLayout,
  type RecordPlace,
  sameName,
  u16,
  u32,
} from '../forward/message-layout.js';
import type { CacheShare } from './options.js';

/** Octets in front of the key. */
export const ENTRY_HEADER = 12;

/** Which of the two caches an answer belongs to. */
export type AnswerKind = 'success' | 'denial';

/** An answer made ready to be kept. */
export interface StoredAnswer {
  readonly kind: AnswerKind;
  readonly entry: Uint8Array;
  /** Seconds, at least 1: the lowest TTL of its records. */
  readonly lifeSeconds: number;
  /** Whether bounds changed a TTL, so that clients are not to see the message as it came. */
  readonly changed: boolean;
}

export interface StoreRules {
  readonly success: CacheShare;
  readonly denial: CacheShare;
  readonly servfailSeconds: number;
}

/**
 * Compiles a reply's message; undefined when it is not to be kept: truncated, without a usable TTL,
 * negative without SOA (RFC 2308 §5), or of a code that says nothing about the name.
 * @param key the question's key, see {@link StoredAnswer}
 */
export function storedAnswer(
  bytes: Uint8Array,
  key: Uint8Array,
  rules: StoreRules,
  scratch: NameBuffer,
): StoredAnswer | undefined {
  const layout = layoutOf(bytes, scratch);
  if (layout === undefined || ((bytes[2] ?? 0) & TC) !== 0) return undefined;
  const rcode = (bytes[3] ?? 0) & RCODE_MASK;
  if (rcode === RCODE.SERVFAIL || rcode === RCODE.NOTIMP) {
    return storedError(bytes[3] ?? 0, key, rules.servfailSeconds);
  }
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return undefined;
  if (layout.qnameLength + 5 !== key.length) return undefined;
  const kind = kindOf(bytes, layout, rcode);
  if (kind === undefined) return undefined;
  const clean = isClean(bytes, layout) ? bytes : rewritten(bytes);
  const cleanLayout = clean === undefined ? undefined : layoutOf(clean, scratch);
  if (clean === undefined || cleanLayout === undefined) return undefined;
  return compile(clean, cleanLayout, key, kind, rules[kind]);
}

/** An error without records, kept for so many seconds; undefined for 0. */
export function storedError(
  flags: number,
  key: Uint8Array,
  lifeSeconds: number,
): StoredAnswer | undefined {
  if (lifeSeconds < 1) return undefined;
  const entry = new Uint8Array(ENTRY_HEADER + key.length);
  entry[1] = key.length;
  entry[3] = flags & (RA | RCODE_MASK);
  entry[0] = key.length >> 8;
  entry.set(key, ENTRY_HEADER);
  return { kind: 'denial', entry, lifeSeconds, changed: false };
}

/** Success answers the question with data of the type; denial carries the SOA that proves the absence. */
function kindOf(bytes: Uint8Array, layout: MessageLayout, rcode: number): AnswerKind | undefined {
  const qtype = u16(bytes, layout.questionEnd - 4);
  if (rcode === RCODE.NOERROR) {
    const answers = layout.records.some(
      ({ section, type }) => section === ANSWER && (type === qtype || qtype === RRTYPE.ANY),
    );
    if (answers) return 'success';
  }
  const soa = layout.records.some(
    ({ section, type }) => section === AUTHORITY && type === RRTYPE.SOA,
  );
  return soa ? 'denial' : undefined;
}

/** Whether the records can be taken as they stand: OPT last or absent, and the qname only as a pointer. */
function isClean(bytes: Uint8Array, layout: MessageLayout): boolean {
  const { records } = layout;
  return records.every((record, index) => {
    if (record.type === RRTYPE.OPT) return index === records.length - 1;
    const pointer = (bytes[record.owner] ?? 0) >= 0xc0;
    const atQuestion = bytes[record.owner] === 0xc0 && bytes[record.owner + 1] === HEADER_LENGTH;
    return atQuestion || (pointer ? true : !sameName(bytes, record.owner, bytes, HEADER_LENGTH));
  });
}

/** The same message without OPT, its owners in the question's spelling where they equal the qname. */
function rewritten(bytes: Uint8Array): Uint8Array | undefined {
  const decoded = decodeMessage(bytes);
  const question = decoded?.question[0];
  if (decoded === undefined || question === undefined) return undefined;
  const key = canonicalName(question.qname);
  const spelled = (records: typeof decoded.answer): typeof decoded.answer =>
    records.map((record) =>
      canonicalName(record.owner) === key ? { ...record, owner: question.qname } : record,
    );
  return encodeMessage(
    message({
      id: 0,
      response: true,
      authoritative: decoded.authoritative,
      recursionAvailable: decoded.recursionAvailable,
      authenticData: decoded.authenticData,
      rcode: decoded.rcode,
      question: decoded.question,
      answer: spelled(decoded.answer),
      authority: spelled(decoded.authority),
      additional: spelled(decoded.additional),
    }),
  );
}

function compile(
  bytes: Uint8Array,
  layout: MessageLayout,
  key: Uint8Array,
  kind: AnswerKind,
  share: CacheShare,
): StoredAnswer | undefined {
  const records = layout.records.filter(({ type }) => type !== RRTYPE.OPT);
  const end = records.at(-1)?.end ?? layout.questionEnd;
  const placesAt = ENTRY_HEADER + key.length;
  const bodyAt = placesAt + 2 * records.length;
  const entry = new Uint8Array(bodyAt + end - layout.questionEnd);
  const view = new DataView(entry.buffer);
  view.setUint16(0, key.length);
  entry[2] = (bytes[2] ?? 0) & AA;
  entry[3] = (bytes[3] ?? 0) & (RA | AD | RCODE_MASK);
  for (const section of [ANSWER, AUTHORITY, ADDITIONAL]) {
    const count = records.filter((record) => record.section === section).length;
    view.setUint16(4 + 2 * section, count);
  }
  view.setUint16(10, records.length);
  entry.set(key, ENTRY_HEADER);
  entry.set(bytes.subarray(layout.questionEnd, end), bodyAt);
  let life = share.maxTtl;
  let changed = false;
  for (const [index, record] of records.entries()) {
    const ttl = Math.min(share.maxTtl, Math.max(share.minTtl, ttlOf(bytes, record, kind)));
    view.setUint16(placesAt + 2 * index, record.ttlAt);
    view.setUint32(bodyAt + record.ttlAt - layout.questionEnd, ttl);
    life = Math.min(life, ttl);
    changed ||= ttl !== record.ttl;
  }
  return life < 1 ? undefined : { kind, entry, lifeSeconds: life, changed };
}

/** A record's own TTL; the SOA of a negative answer lives as long as its MINIMUM says (RFC 2308 §5). */
function ttlOf(bytes: Uint8Array, record: RecordPlace, kind: AnswerKind): number {
  const negative = kind === 'denial' && record.type === RRTYPE.SOA && record.section === AUTHORITY;
  return negative ? Math.min(record.ttl, u32(bytes, record.end - 4)) : record.ttl;
}
