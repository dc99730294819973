/** Whether a message from an upstream's address really is the answer to what was asked (RFC 5452 §9). */
import { RCODE } from '../../dns/rcode.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { HEADER_LENGTH, OPCODE_MASK, QR, RCODE_MASK } from '../../wire/header.js';
import type { NameBuffer } from '../../wire/wire-name.js';
import {
  ANSWER,
  foldOctet,
  isBelow,
  layoutOf,
  type MessageLayout,
  type RecordPlace,
  sameName,
  u16,
} from './message-layout.js';

/** What was found; only `answer` and `rcode-only` are used. */
export type Verdict =
  | { readonly kind: 'answer'; readonly layout: MessageLayout; readonly strays: readonly number[] }
  /** An error without a question: from servers that do not understand the query (FORMERR, NOTIMP, REFUSED, SERVFAIL). */
  | { readonly kind: 'rcode-only'; readonly rcode: number }
  /** Right in everything but the case of the question: a forger's guess, or a server that folds case. */
  | { readonly kind: 'wrong-case' }
  | { readonly kind: 'wrong-question' }
  | { readonly kind: 'malformed' };

/** A chain of aliases is followed this far; records behind it count as strays. */
const MAX_CHAIN = 16;

/**
 * Checks an answer against the query it came for; the ID and the address are the socket's business.
 *
 * `strays` are the indices of records in the answer section that do not belong to the question: neither
 * of the qname, nor of an alias' target, nor a DNAME above one of these. They are to be cut out.
 */
export function checkAnswer(query: Uint8Array, answer: Uint8Array, scratch: NameBuffer): Verdict {
  if (answer.length < HEADER_LENGTH) return { kind: 'malformed' };
  const flags = answer[2] ?? 0;
  if ((flags & QR) === 0 || (flags & OPCODE_MASK) !== ((query[2] ?? 0) & OPCODE_MASK)) {
    return { kind: 'wrong-question' };
  }
  const rcode = (answer[3] ?? 0) & RCODE_MASK;
  if (u16(answer, 4) === 0) {
    const empty = rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN && u16(answer, 6) === 0;
    return empty ? { kind: 'rcode-only', rcode } : { kind: 'malformed' };
  }
  const question = compareQuestion(query, answer);
  if (question !== 'same') return { kind: question };
  const layout = layoutOf(answer, scratch);
  if (layout === undefined) return { kind: 'malformed' };
  return { kind: 'answer', layout, strays: straysOf(answer, layout) };
}

/** Compares the questions octet by octet; they start at the same offset in both. */
function compareQuestion(
  query: Uint8Array,
  answer: Uint8Array,
): 'same' | 'wrong-case' | 'wrong-question' {
  let at = HEADER_LENGTH;
  let sameCase = true;
  while ((query[at] ?? 0) !== 0) {
    const end = at + 1 + (query[at] ?? 0);
    if (answer[at] !== query[at]) return 'wrong-question';
    for (at += 1; at < end; at++) {
      const asked = query[at] ?? 0;
      const got = answer[at] ?? 0;
      if (asked === got) continue;
      if (foldOctet(asked) !== foldOctet(got)) return 'wrong-question';
      sameCase = false;
    }
  }
  for (const end = at + 5; at < end; at++) {
    if (answer[at] !== query[at]) return 'wrong-question';
  }
  return sameCase ? 'same' : 'wrong-case';
}

/** Indices of the answer section's records that the question does not lead to. */
function straysOf(message: Uint8Array, layout: MessageLayout): number[] {
  const answers = layout.records.filter((record) => record.section === ANSWER);
  if (answers.every((record) => isQname(message, record))) return [];
  const names = chainOf(message, answers);
  const strays: number[] = [];
  for (const [index, record] of answers.entries()) {
    if (!isLedTo(message, record, names, answers)) strays.push(index);
  }
  return strays;
}

/** Offsets of the names that the question leads to: the qname, then each alias' target. */
function chainOf(message: Uint8Array, answers: readonly RecordPlace[]): number[] {
  const aliases = answers.filter((record) => record.type === RRTYPE.CNAME).slice(0, 64);
  const names = [HEADER_LENGTH];
  for (let i = 0; i < names.length && names.length < MAX_CHAIN; i++) {
    const name = names[i] ?? HEADER_LENGTH;
    for (const alias of aliases) {
      const leads = sameName(message, alias.owner, message, name);
      if (!leads || names.length >= MAX_CHAIN) continue;
      const known = names.some((other) => sameName(message, other, message, alias.rdata));
      if (!known) names.push(alias.rdata);
    }
  }
  return names;
}

function isLedTo(
  message: Uint8Array,
  record: RecordPlace,
  names: readonly number[],
  answers: readonly RecordPlace[],
): boolean {
  if (isQname(message, record)) return true;
  if (names.some((name) => sameName(message, record.owner, message, name))) return true;
  const dname =
    record.type === RRTYPE.DNAME ||
    (record.type === RRTYPE.RRSIG && u16(message, record.rdata) === RRTYPE.DNAME);
  if (!dname || !answers.some((other) => other.type === RRTYPE.DNAME)) return false;
  return names.some((name) => isBelow(message, name, record.owner));
}

/** The usual case, without a walk: the owner is a pointer to the question. */
function isQname(message: Uint8Array, record: RecordPlace): boolean {
  return message[record.owner] === 0xc0 && message[record.owner + 1] === HEADER_LENGTH;
}
