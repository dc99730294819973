/** A reply as records, whichever form its handler gave it. */
import { canonicalName } from '../dns/name.js';
import type { ResourceRecord } from '../dns/resource-record.js';
import { decodeMessage } from '../wire/message.js';
import { type RecordsReply, type Reply, recordsReply } from './reply.js';

/**
 * Undefined for a drop, and for bytes that are no message. Records of `qname` come in its spelling: an
 * upstream may have been asked in mixed letter case.
 */
export function replyRecords(reply: Reply, qname: string): RecordsReply | undefined {
  if (reply.kind === 'records') return { ...reply, answer: spelled(reply.answer, qname) };
  if (reply.kind === 'drop') return undefined;
  const message = decodeMessage(reply.bytes);
  if (message === undefined) return undefined;
  return recordsReply(message.rcode, {
    authoritative: message.authoritative,
    recursionAvailable: message.recursionAvailable,
    authenticData: message.authenticData,
    truncated: message.truncated,
    answer: spelled(message.answer, qname),
    authority: message.authority,
    additional: message.additional,
  });
}

function spelled(records: readonly ResourceRecord[], name: string): ResourceRecord[] {
  const key = canonicalName(name);
  return records.map((record) =>
    canonicalName(record.owner) === key ? { ...record, owner: name } : record,
  );
}
