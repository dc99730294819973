/** A reply as records, whichever form its handler gave it. */
import { canonicalName } from '../dns/name.js';
import type { ResourceRecord } from '../dns/resource-record.js';
import { EDNS_OPTION } from '../wire/edns.js';
import { decodeMessage } from '../wire/message.js';
import type { EdnsOption } from './query.js';
import { type ExtendedError, type RecordsReply, type Reply, recordsReply } from './reply.js';

/**
 * Undefined for a drop, and for bytes that are no message. Records of `qname`, where it is given, come in
 * its spelling: an upstream may have been asked in mixed letter case.
 */
export function replyRecords(reply: Reply, qname?: string): RecordsReply | undefined {
  if (reply.kind === 'records') return { ...reply, answer: spelled(reply.answer, qname) };
  if (reply.kind === 'drop') return undefined;
  const message = decodeMessage(reply.bytes);
  if (message === undefined) return undefined;
  const extendedError = extendedErrorOf(message.edns?.options ?? []);
  return recordsReply(message.rcode, {
    authoritative: message.authoritative,
    recursionAvailable: message.recursionAvailable,
    authenticData: message.authenticData,
    truncated: message.truncated,
    answer: spelled(message.answer, qname),
    authority: message.authority,
    additional: message.additional,
    ...(extendedError === undefined ? {} : { extendedError }),
  });
}

/** The first extended error: a reply as records has room for one. */
function extendedErrorOf(options: readonly EdnsOption[]): ExtendedError | undefined {
  const data = options.find(({ code }) => code === EDNS_OPTION.EDE)?.data;
  if (data === undefined || data.length < 2) return undefined;
  const text = Buffer.from(data.subarray(2)).toString().replace(/\0+$/, '');
  return { code: ((data[0] ?? 0) << 8) | (data[1] ?? 0), text };
}

function spelled(
  records: readonly ResourceRecord[],
  name: string | undefined,
): readonly ResourceRecord[] {
  if (name === undefined) return records;
  const key = canonicalName(name);
  return records.map((record) =>
    canonicalName(record.owner) === key ? { ...record, owner: name } : record,
  );
}
