/** The answering part of the header directive: flags of queries for those behind it, flags of replies. */
import type { Handler } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import type { BytesReply, Reply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { AA, HEADER_LENGTH, RA, RD } from '../../wire/header.js';
import type { FlagChanges, HeaderOptions } from './directive.js';

export function headerHandler({ query: onQuery, response: onReply }: HeaderOptions): Handler {
  return {
    name: 'header',
    async handle(query, next) {
      return changedReply(await next(changedQuery(query, onQuery)), query.qname, onReply);
    },
  };
}

/** AA and RA mean nothing in a query (RFC 1035 §4.1.1); nobody behind looks at them. */
function changedQuery(query: Query, { rd }: FlagChanges): Query {
  if (rd === undefined || rd === query.recursionDesired) return query;
  const bytes = Uint8Array.from(query.bytes);
  bytes[2] = withBit(bytes[2] ?? 0, RD, rd);
  return { ...query, bytes, recursionDesired: rd };
}

function changedReply(reply: Reply, qname: string, { aa, ra, rd }: FlagChanges): Reply {
  if (reply.kind === 'drop') return reply;
  // a message as bytes gets its RD from the query, whatever it says itself
  if (reply.kind === 'bytes' && rd === undefined) return changedBytes(reply, aa, ra);
  const records = replyRecords(reply, qname);
  if (records === undefined) return reply;
  return {
    ...records,
    authoritative: aa ?? records.authoritative,
    recursionAvailable: ra ?? records.recursionAvailable,
    ...(rd === undefined ? {} : { recursionDesired: rd }),
  };
}

function changedBytes(
  reply: BytesReply,
  aa: boolean | undefined,
  ra: boolean | undefined,
): BytesReply {
  if (reply.bytes.length < HEADER_LENGTH) return reply;
  const bytes = Uint8Array.from(reply.bytes);
  if (aa !== undefined) bytes[2] = withBit(bytes[2] ?? 0, AA, aa);
  if (ra !== undefined) bytes[3] = withBit(bytes[3] ?? 0, RA, ra);
  return { kind: 'bytes', bytes };
}

function withBit(octet: number, bit: number, isSet: boolean): number {
  return isSet ? octet | bit : octet & ~bit;
}
