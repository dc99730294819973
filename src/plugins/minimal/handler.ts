/** The answering part of the minimal directive: positive answers without what is only helpful. */
import type { Handler } from '../../chain/handler.js';
import type { RecordsReply, Reply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { RCODE } from '../../dns/rcode.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { HEADER_LENGTH, RCODE_MASK } from '../../wire/header.js';

/** Denials, failures and referrals stay as they are. */
export function minimalHandler(): Handler {
  return {
    name: 'minimal',
    async handle(query, next) {
      const reply = await next(query);
      if (query.qtype === RRTYPE.AXFR || query.qtype === RRTYPE.IXFR) return reply;
      if (reply.kind === 'drop' || isMinimal(reply)) return reply;
      const records = replyRecords(reply, query.qname);
      if (records === undefined || !isPositive(records)) return reply;
      return { ...records, authority: [], additional: [] };
    },
  };
}

/** Whether a look at the header shows that there is nothing to take away. */
function isMinimal(reply: Exclude<Reply, { kind: 'drop' }>): boolean {
  if (reply.kind === 'records') return reply.authority.length + reply.additional.length === 0;
  const { bytes } = reply;
  if (bytes.length < HEADER_LENGTH || ((bytes[3] ?? 0) & RCODE_MASK) !== RCODE.NOERROR) return true;
  const count = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  // one additional record may be an OPT record
  return count(6) === 0 || (count(8) === 0 && count(10) === 0);
}

function isPositive({ rcode, answer }: RecordsReply): boolean {
  return rcode === RCODE.NOERROR && answer.length > 0;
}
