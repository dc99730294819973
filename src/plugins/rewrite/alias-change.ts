/** Another target for an alias in a reply, looked up anew: the rewrite of field cname. */
import type { Query } from '../../chain/query.js';
import { withQuestion } from '../../chain/query-parser.js';
import type { Reply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { canonicalName, isName, nameFromWire, nameToWire } from '../../dns/name.js';
import { RRTYPE } from '../../dns/rrtype.js';
import type { NameReplacer } from './name-change.js';
import type { ReplyChange } from './reply-change.js';

/**
 * The first alias that is meant gets its new target; what stands in front of it stays, what stands behind
 * it is replaced by what the server itself answers for the target.
 */
export function aliasChange(
  replace: NameReplacer,
  query: Query,
  resolve: (query: Query) => Promise<Reply>,
): ReplyChange {
  return async (reply) => {
    for (const [index, record] of reply.answer.entries()) {
      if (record.type !== RRTYPE.CNAME) continue;
      const old = nameFromWire(record.rdata, 0)?.name;
      const target = old === undefined ? undefined : replace(canonicalName(old));
      if (target === undefined || !isName(target)) continue;
      query.trace?.step('rewrite', 'alias', { from: old, to: target });
      const alias = { ...record, rdata: nameToWire(target) };
      const before = [...reply.answer.slice(0, index), alias];
      if (query.qtype === RRTYPE.CNAME) return { ...reply, answer: before };
      const found = replyRecords(await resolve(withQuestion(query, { qname: target })), target);
      return {
        ...reply,
        rcode: found?.rcode ?? reply.rcode,
        answer: [...before, ...(found?.answer ?? [])],
        authority: found?.authority ?? [],
        additional: found?.additional ?? [],
      };
    }
    return reply;
  };
}
