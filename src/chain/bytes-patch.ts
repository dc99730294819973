/** Turns the bytes of a finished message into the reply to one asker without taking it apart. */
import { RRTYPE } from '../dns/rrtype.js';
import { EDNS_OPTION, type OptOption, readOpt } from '../wire/edns.js';
import { AA, AD, CD, HEADER_LENGTH, QR, RA, RCODE_MASK, RD, TC } from '../wire/header.js';
import { expandName, nameBuffer, wireNameLength } from '../wire/wire-name.js';
import type { Query } from './query.js';
import type { ReplyLimits } from './reply-limits.js';
import { replyOpt, wantsAuthenticData } from './reply-opt.js';

/**
 * The reply to `query` made from `bytes`: ID, flags and question of the asker, owner names in the asker's
 * letter case, the OPT record replaced by our own (its extended errors are kept) or taken away.
 *
 * Undefined when that takes more than patching: the message does not answer this question, it is too
 * long, malformed, its OPT record is not the last record, or its rcode needs an OPT record that the
 * query did not have.
 */
export function patchReply(
  query: Query,
  bytes: Uint8Array,
  limits: ReplyLimits,
): Uint8Array | undefined {
  const questionEnd = HEADER_LENGTH + wireNameLength(query.bytes, HEADER_LENGTH) + 4;
  if (!answersQuestion(query.bytes, bytes, questionEnd)) return undefined;
  const body = walkRecords(bytes, questionEnd);
  if (body === undefined) return undefined;
  const rcode = ((bytes[3] ?? 0) & RCODE_MASK) | (body.extendedRcode << 4);
  if (rcode > 15 && query.edns === undefined) return undefined;
  const opt = replyOpt(query, limits, body.errors, rcode);
  if (body.end + opt.length > limits.octets) return undefined;

  const out = new Uint8Array(body.end + opt.length);
  out.set(bytes.subarray(0, body.end));
  out.set(opt, body.end);
  out.set(query.bytes.subarray(HEADER_LENGTH, questionEnd), HEADER_LENGTH);
  patchHeader(query, out, body.additionals + (opt.length > 0 ? 1 : 0));
  for (const owner of body.ownersInFull) spellOwner(out, owner, questionEnd);
  return out;
}

/** Whether `bytes` is a response whose question is the query's, but for letter case. */
function answersQuestion(query: Uint8Array, bytes: Uint8Array, questionEnd: number): boolean {
  if (bytes.length < questionEnd || ((bytes[2] ?? 0) & QR) === 0) return false;
  if (bytes[4] !== 0 || bytes[5] !== 1) return false;
  const typeAt = questionEnd - 4;
  for (let i = HEADER_LENGTH; i < questionEnd; i++) {
    const asked = query[i] ?? 0;
    const told = bytes[i] ?? 0;
    if (asked !== told && (i >= typeAt || fold(asked) !== fold(told))) return false;
  }
  return true;
}

/** What a walk over the records of a message found. */
interface Body {
  /** Just behind the last record that is kept. */
  readonly end: number;
  /** Additional records without OPT. */
  readonly additionals: number;
  /** Offsets of owner names that do not begin with a pointer. */
  readonly ownersInFull: readonly number[];
  readonly extendedRcode: number;
  readonly errors: readonly OptOption[];
}

function walkRecords(bytes: Uint8Array, questionEnd: number): Body | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const additionals = view.getUint16(10);
  const records = view.getUint16(6) + view.getUint16(8) + additionals;
  const ownersInFull: number[] = [];
  const name = nameBuffer();
  let at = questionEnd;
  for (let i = 0; i < records; i++) {
    const typeAt = expandName(bytes, at, name);
    if (typeAt < 0 || typeAt + 10 > bytes.length) return undefined;
    const end = typeAt + 10 + view.getUint16(typeAt + 8);
    if (end > bytes.length) return undefined;
    if (view.getUint16(typeAt) === RRTYPE.OPT) {
      if (i !== records - 1 || additionals === 0 || name.length !== 1) return undefined;
      const read = readOpt(bytes, typeAt);
      if (read === undefined) return undefined;
      const errors = read.opt.options.filter((option) => option.code === EDNS_OPTION.EDE);
      const { extendedRcode } = read;
      return { end: at, additionals: additionals - 1, ownersInFull, extendedRcode, errors };
    }
    if ((bytes[at] ?? 0) < 0xc0) ownersInFull.push(at);
    at = end;
  }
  return { end: at, additionals, ownersInFull, extendedRcode: 0, errors: [] };
}

function patchHeader(query: Query, out: Uint8Array, additionals: number): void {
  const low = out[3] ?? 0;
  out[0] = query.id >> 8;
  out[1] = query.id & 0xff;
  out[2] = QR | ((out[2] ?? 0) & (AA | TC)) | (query.recursionDesired ? RD : 0);
  out[3] =
    (low & (RA | RCODE_MASK)) |
    (wantsAuthenticData(query) ? low & AD : 0) |
    (query.checkingDisabled ? CD : 0);
  out[10] = additionals >> 8;
  out[11] = additionals & 0xff;
}

/** Gives the owner name at `at` the letter case of the question, where it is the same name. */
function spellOwner(out: Uint8Array, at: number, questionEnd: number): void {
  const name = nameBuffer();
  expandName(out, at, name);
  if (name.length !== questionEnd - 4 - HEADER_LENGTH) return;
  for (let i = 0; i < name.length; i++) {
    if (fold(name.octets[i] ?? 0) !== fold(out[HEADER_LENGTH + i] ?? 0)) return;
  }
  // only the labels that stand here; what a pointer leads to is spelled where it stands
  let end = at;
  for (let length = out[end] ?? 0; length > 0 && length < 0xc0; length = out[end] ?? 0) {
    end += length + 1;
  }
  out.copyWithin(at, HEADER_LENGTH, HEADER_LENGTH + (end - at));
}

function fold(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}
