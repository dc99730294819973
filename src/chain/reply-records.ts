/** A reply as records, whichever form its handler gave it. */
import { decodeMessage } from '../wire/message.js';
import { type RecordsReply, type Reply, recordsReply } from './reply.js';

/** Undefined for a drop, and for bytes that are no message. */
export function replyRecords(reply: Reply): RecordsReply | undefined {
  if (reply.kind === 'records') return reply;
  if (reply.kind === 'drop') return undefined;
  const message = decodeMessage(reply.bytes);
  if (message === undefined) return undefined;
  return recordsReply(message.rcode, {
    authoritative: message.authoritative,
    recursionAvailable: message.recursionAvailable,
    authenticData: message.authenticData,
    truncated: message.truncated,
    answer: message.answer,
    authority: message.authority,
    additional: message.additional,
  });
}
