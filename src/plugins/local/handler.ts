/** The answering part of the local directive: names that must not leave the host (RFC 6761 §6.3, RFC 6303 §4.1). */
import type { Handler } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { isInZone, nameToWire } from '../../dns/name.js';
import { RCODE, type Rcode } from '../../dns/rcode.js';
import { rdataFromText } from '../../dns/rdata-text.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE, type RRType } from '../../dns/rrtype.js';
import type { DataEnvironment } from '../plugin.js';
import type { LocalOptions } from './directive.js';

/** Counter: queries for `localhost` below or above other names. CoreDNS's. */
const METRIC = 'coredns_local_localhost_requests_total';

const LOCALHOST = 'localhost.';
const REVERSE_ZONES = ['0.in-addr.arpa.', '127.in-addr.arpa.', '255.in-addr.arpa.'];
const REVERSE_NAME = '1.0.0.127.in-addr.arpa.';
/** A week: these records never change. */
const TTL = 604_800;

export function localHandler(
  { localhostPrefix }: LocalOptions,
  environment: Pick<DataEnvironment, 'count'>,
): Handler {
  return {
    name: 'local',
    async handle(query, next) {
      if (query.qclass !== RRCLASS.IN) return next(query);
      const { key } = query;
      const zone = REVERSE_ZONES.find((own) => isInZone(key, own));
      if (zone !== undefined) return reverseReply(query, zone);
      if (key === LOCALHOST) return hostReply(query, true);
      const isOther = isInZone(key, LOCALHOST) || (localhostPrefix && key.startsWith(LOCALHOST));
      if (!isOther) return next(query);
      environment.count(METRIC);
      return hostReply(query, false);
    },
  };
}

/** The loopback addresses; at the apex SOA and NS too. */
function hostReply(query: Query, isApex: boolean): Reply {
  const { qname, qtype } = query;
  switch (qtype) {
    case RRTYPE.A:
      return answer(query, rdataFromText(RRTYPE.A, '127.0.0.1'));
    case RRTYPE.AAAA:
      return answer(query, rdataFromText(RRTYPE.AAAA, '::1'));
    default:
      return isApex ? apexReply(query) : denial(qname, RCODE.NOERROR);
  }
}

function reverseReply(query: Query, zone: string): Reply {
  const { key, qtype } = query;
  if (key === zone) return apexReply(query);
  if (key === REVERSE_NAME && qtype === RRTYPE.PTR) return answer(query, nameToWire(LOCALHOST));
  // a name with something below it exists (RFC 8020 §2)
  return denial(zone, isInZone(REVERSE_NAME, key) ? RCODE.NOERROR : RCODE.NXDOMAIN);
}

function apexReply(query: Query): Reply {
  if (query.qtype === RRTYPE.SOA) return answer(query, soa(query.qname).rdata);
  if (query.qtype === RRTYPE.NS) return answer(query, nameToWire(LOCALHOST));
  return denial(query.qname, RCODE.NOERROR);
}

function answer({ qname, qtype }: Query, rdata: Uint8Array): Reply {
  return recordsReply(RCODE.NOERROR, { answer: [record(qname, qtype, rdata)] });
}

function denial(zone: string, rcode: Rcode): Reply {
  return recordsReply(rcode, { authority: [soa(zone)] });
}

function soa(zone: string): ResourceRecord {
  const text = `${LOCALHOST} root.${LOCALHOST} 1 0 0 0 ${TTL}`;
  return record(zone, RRTYPE.SOA, rdataFromText(RRTYPE.SOA, text));
}

function record(owner: string, type: RRType, rdata: Uint8Array): ResourceRecord {
  return { owner, type, class: RRCLASS.IN, ttl: TTL, rdata };
}
