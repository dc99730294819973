/** Replies that wire/ makes alone, to messages whose question nobody else gets to see. */
import { CD, HEADER_LENGTH, OPCODE_MASK, QR, RD } from './header.js';

/**
 * A reply of the header alone: ID, opcode, RD and CD of the query, all counts zero. For messages of
 * which the question cannot be told (RFC 1035 §4.1.1).
 * @param query at least 12 octets
 */
export function headerReply(query: Uint8Array, rcode: number): Uint8Array {
  const out = new Uint8Array(HEADER_LENGTH);
  out[0] = query[0]!;
  out[1] = query[1]!;
  out[2] = QR | (query[2]! & (OPCODE_MASK | RD));
  out[3] = (query[3]! & CD) | (rcode & 0x0f);
  return out;
}

/** Header and question as asked, nothing else; `questionEnd` is the offset just behind the question. */
export function questionReply(query: Uint8Array, questionEnd: number, rcode: number): Uint8Array {
  // from(), as slice() of a Buffer shares its memory
  const out = Uint8Array.from(query.subarray(0, questionEnd));
  out.set(headerReply(query, rcode));
  out[5] = 1;
  return out;
}
