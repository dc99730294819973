/** How long an HTTP cache may keep a DNS answer (RFC 8484 §5.1). */
import { RRTYPE } from '../dns/rrtype.js';
import { HEADER_LENGTH, RCODE_MASK } from '../wire/header.js';

const NOERROR = 0;
const NXDOMAIN = 3;

/**
 * Seconds: the lowest TTL of the answer; of a negative answer that of its SOA, or the SOA's minimum where
 * that is lower (RFC 2308 §5). 0 for failures and for what cannot be read.
 * @param reply a message with at most one question
 */
export function answerLifetime(reply: Uint8Array): number {
  const rcode = (reply[3] ?? 0) & RCODE_MASK;
  if (reply.length < HEADER_LENGTH || (rcode !== NOERROR && rcode !== NXDOMAIN)) return 0;
  const view = new DataView(reply.buffer, reply.byteOffset, reply.byteLength);
  const answers = view.getUint16(6);
  const authorities = answers > 0 ? 0 : view.getUint16(8);
  let at = HEADER_LENGTH;
  if (view.getUint16(4) === 1) at = nameEnd(reply, at) + 4;
  let lowest: number | undefined;
  for (let i = 0; i < answers + authorities; i++) {
    const head = nameEnd(reply, at);
    if (head + 10 > reply.length) return 0;
    const end = head + 10 + view.getUint16(head + 8);
    if (end > reply.length) return 0;
    if (answers > 0 || view.getUint16(head) === RRTYPE.SOA) {
      let ttl = view.getUint32(head + 4);
      if (answers === 0) ttl = Math.min(ttl, view.getUint32(end - 4));
      lowest = Math.min(lowest ?? ttl, ttl);
    }
    at = end;
  }
  return lowest ?? 0;
}

/** Just behind the name at `at`, compressed or not. */
function nameEnd(reply: Uint8Array, from: number): number {
  let at = from;
  for (let length = reply[at]; length !== undefined; length = reply[at]) {
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
  return reply.length;
}
