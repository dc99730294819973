/** The answering part of the dns64 directive: AAAA records made of A records (RFC 6147). */
import type { Handler } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { withQuestion } from '../../chain/query-parser.js';
import type { RecordsReply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { RCODE } from '../../dns/rcode.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';
import type { DataEnvironment } from '../plugin.js';
import { embeddedAddress } from './embedded-address.js';
import type { Dns64Options } from './options.js';

/** Counter by `server`. CoreDNS's. */
const METRIC = 'coredns_dns64_requests_translated_total';

/** Without an SOA record an answer that was made is kept this long (RFC 6147 §5.1.7). */
const DEFAULT_TTL = 600;

export function dns64Handler(
  options: Dns64Options,
  environment: Pick<DataEnvironment, 'resolve' | 'count'>,
): Handler {
  return {
    name: 'dns64',
    async handle(query, next) {
      const reply = await next(query);
      if (!isConcerned(query, options) || reply.kind === 'drop') return reply;
      const found = replyRecords(reply, query.qname);
      if (found === undefined || !needsMore(found, options)) return reply;
      const asked = await environment.resolve(withQuestion(query, { qtype: RRTYPE.A }));
      const source = replyRecords(asked, query.qname);
      if (source === undefined) return reply;
      // no data would be kept by the client for longer than the failure lasts
      if (source.rcode !== RCODE.NOERROR && source.rcode !== RCODE.NXDOMAIN) return source;
      if (!source.answer.some(({ type }) => type === RRTYPE.A)) return reply;
      query.trace?.step('dns64', 'addresses made of A records', { from: source.answer.length });
      environment.count(METRIC, { server: query.client.server });
      return translated(found, source, options);
    },
  };
}

/** AAAA of class IN over IPv6; a client that validates itself makes its own (RFC 6147 §5.5). */
function isConcerned(query: Query, { allowIpv4 }: Dns64Options): boolean {
  if (query.qtype !== RRTYPE.AAAA || query.qclass !== RRCLASS.IN) return false;
  if (query.checkingDisabled && query.edns?.dnssecOk === true) return false;
  return allowIpv4 || query.client.address.includes(':');
}

/** A name that does not exist has no A records; any other failure counts as an empty answer (§5.1.2, §5.1.3). */
function needsMore({ rcode, answer }: RecordsReply, { translateAll }: Dns64Options): boolean {
  if (rcode === RCODE.NXDOMAIN) return false;
  return translateAll || !answer.some(({ type }) => type === RRTYPE.AAAA);
}

function translated(
  found: RecordsReply,
  source: RecordsReply,
  { prefix, prefixBits }: Dns64Options,
): RecordsReply {
  const soa = found.authority.find(({ type }) => type === RRTYPE.SOA);
  const limit = soa?.ttl ?? DEFAULT_TTL;
  const answer = source.answer.map((record): ResourceRecord => {
    if (record.type !== RRTYPE.A) return record;
    return {
      ...record,
      type: RRTYPE.AAAA,
      ttl: Math.min(record.ttl, limit),
      rdata: embeddedAddress(prefix, prefixBits, record.rdata),
    };
  });
  // nobody signed these
  return { ...source, authenticData: false, answer };
}
