/** The query that goes to an upstream: our own ID, letter case and OPT, nothing of the client's but the question. */
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { AD, CD, DEFAULT_UDP_LIMIT, HEADER_LENGTH, OPT_LENGTH, RD } from '../../wire/header.js';
import type { RandomSource } from './random-source.js';

/** What is asked; two equal ones in flight are asked once. */
export interface UpstreamQuestion {
  /** Wire form, uncompressed, lower case. */
  readonly qname: Uint8Array;
  readonly qtype: number;
  readonly qclass: number;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  readonly dnssecOk: boolean;
}

/** How an upstream wants to be asked. */
export interface QueryForm {
  /** Letters of the qname in random case (draft-vixie-dnsext-dns0x20), where the upstream keeps it. */
  readonly mixCase: boolean;
  readonly edns: boolean;
}

/**
 * The message, its ID left 0 for the socket that sends it. AD is always set, which asks for the upstream's
 * own verdict (RFC 6840 §5.7); whether the client sees it is decided with the reply.
 */
export function upstreamQuery(
  question: UpstreamQuestion,
  form: QueryForm,
  random: RandomSource,
): Uint8Array {
  const nameLength = question.qname.length;
  const questionEnd = HEADER_LENGTH + nameLength + 4;
  const out = new Uint8Array(questionEnd + (form.edns ? OPT_LENGTH : 0));
  out[2] = question.recursionDesired ? RD : 0;
  out[3] = AD | (question.checkingDisabled ? CD : 0);
  out[5] = 1;
  out.set(question.qname, HEADER_LENGTH);
  if (form.mixCase) mixCase(out, HEADER_LENGTH, nameLength, random);
  const view = new DataView(out.buffer);
  view.setUint16(HEADER_LENGTH + nameLength, question.qtype);
  view.setUint16(HEADER_LENGTH + nameLength + 2, question.qclass);
  if (form.edns) {
    out[11] = 1;
    view.setUint16(questionEnd + 1, RRTYPE.OPT);
    view.setUint16(questionEnd + 3, DEFAULT_UDP_LIMIT);
    out[questionEnd + 7] = question.dnssecOk ? 0x80 : 0;
  }
  return out;
}

/** A question of class IN without DNSSEC, for probes. */
export function plainQuestion(
  qname: Uint8Array,
  qtype: number,
  recursionDesired: boolean,
): UpstreamQuestion {
  return {
    qname,
    qtype,
    qclass: RRCLASS.IN,
    recursionDesired,
    checkingDisabled: false,
    dnssecOk: false,
  };
}

/** Flips each letter with probability one half: one more bit for a forger to guess per letter. */
function mixCase(out: Uint8Array, start: number, length: number, random: RandomSource): void {
  let bits = 0;
  let left = 0;
  for (let i = start; i < start + length; i++) {
    const octet = out[i] ?? 0;
    if (!isLetter(octet)) continue;
    if (left === 0) {
      bits = random.uint32();
      left = 32;
    }
    if ((bits & 1) === 1) out[i] = octet ^ 0x20;
    bits >>>= 1;
    left -= 1;
  }
}

/** Whether an octet is an ASCII letter; a label's length octet (0..63) never is one. */
function isLetter(octet: number): boolean {
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
