/** NOTIFY messages (RFC 1996). */
import { canonicalName } from '../../dns/name.js';
import { OPCODE } from '../../dns/opcode.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { decodeMessage, encodeMessage, message } from '../../wire/message.js';

/** Says that the SOA of a zone has changed; which serial it has now, the secondary asks. */
export function notifyMessage(id: number, zone: string): Uint8Array {
  return encodeMessage(
    message({
      id,
      opcode: OPCODE.NOTIFY,
      authoritative: true,
      question: [{ qname: zone, qtype: RRTYPE.SOA, qclass: RRCLASS.IN }],
    }),
  );
}

/** The ID of a reply to a NOTIFY, whatever its rcode says; undefined for anything else. */
export function notifyReplyId(bytes: Uint8Array, zone: string): number | undefined {
  const reply = decodeMessage(bytes);
  if (reply === undefined || !reply.response || reply.opcode !== OPCODE.NOTIFY) return undefined;
  const [question] = reply.question;
  const isSame = question === undefined || canonicalName(question.qname) === zone;
  return isSame ? reply.id : undefined;
}
