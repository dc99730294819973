/** What every reply to any message has to keep, and replies in words. */
import { rcodeName } from '../../src/dns/rcode.js';
import { decodeMessage, type Message } from '../../src/wire/message.js';

/** Throws where a reply breaks a rule that holds for all messages. */
export function checkReply(message: Uint8Array, reply: Uint8Array, limit: number): Message {
  const decoded = decodeMessage(reply);
  if (decoded === undefined) throw new Error('the reply is malformed');
  const fault = faultOf(message, reply, decoded, limit);
  if (fault !== undefined) throw new Error(fault);
  return decoded;
}

function faultOf(
  message: Uint8Array,
  reply: Uint8Array,
  decoded: Message,
  limit: number,
): string | undefined {
  if (message.length < 12 || (message[2]! & 0x80) !== 0) return 'a reply to what is no query';
  if (reply.length > limit) return 'the reply is too long';
  if (reply[0] !== message[0] || reply[1] !== message[1]) return 'another ID';
  if (!decoded.response) return 'no QR';
  // opcode and RD are the query's (RFC 1035 §4.1.1), where the question is known CD too (RFC 4035 §3.2.2)
  if ((reply[2]! & 0x79) !== (message[2]! & 0x79)) return 'another opcode or RD';
  const known = decoded.question.length > 0;
  if (known && (reply[3]! & 0x10) !== (message[3]! & 0x10)) return 'another CD';
  if ((reply[3]! & 0x40) !== 0) return 'Z is set';
  if (decoded.edns !== undefined && decoded.edns.version !== 0) return 'another EDNS version';
  if (decoded.question.length > 1) return 'more than one question';
  const end = known ? questionEnd(reply) : 12;
  if (!Buffer.from(reply.subarray(12, end)).equals(message.subarray(12, end))) {
    return 'another question';
  }
  return undefined;
}

function questionEnd(reply: Uint8Array): number {
  let at = 12;
  while (reply[at] !== 0) at += reply[at]! + 1;
  return at + 5;
}

/** `silence`; `FORMERR, header only`; `NOERROR, question, 1 answer, OPT` and the like. */
export function describeReply(reply: Message | undefined): string {
  if (reply === undefined) return 'silence';
  const parts = [rcodeName(reply.rcode)];
  if (reply.truncated) parts.push('TC');
  parts.push(reply.question.length > 0 ? 'question' : 'header only');
  if (reply.answer.length > 0) parts.push(`${reply.answer.length} answer`);
  if (reply.authority.length > 0) parts.push(`${reply.authority.length} authority`);
  if (reply.additional.length > 0) parts.push(`${reply.additional.length} additional`);
  if (reply.edns !== undefined) parts.push('OPT');
  return parts.join(', ');
}
