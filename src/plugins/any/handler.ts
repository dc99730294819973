/** The answering part of the any directive: one small record instead of all that a name has (RFC 8482 §4.2). */
import type { Handler } from '../../chain/handler.js';
import { recordsReply } from '../../chain/reply.js';
import { RCODE } from '../../dns/rcode.js';
import { rdataFromText } from '../../dns/rdata-text.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';

/** CoreDNS's, which gives the number of the RFC away. */
const TTL = 8482;

export function anyHandler(): Handler {
  const rdata = rdataFromText(RRTYPE.HINFO, '"ANY obsoleted" "See RFC 8482"');
  return {
    name: 'any',
    async handle(query, next) {
      if (query.qtype !== RRTYPE.ANY) return next(query);
      query.trace?.step('any', 'minimal answer to ANY');
      const record = {
        owner: query.qname,
        type: RRTYPE.HINFO,
        class: RRCLASS.IN,
        ttl: TTL,
        rdata,
      };
      return recordsReply(RCODE.NOERROR, { answer: [record] });
    },
  };
}
