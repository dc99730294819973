/** What the query's own OPT record and flags make of a reply's. */
import type { Rcode } from '../dns/rcode.js';
import { type OptOption, optBytes } from '../wire/edns.js';
import type { Query } from './query.js';
import type { ReplyLimits } from './reply-limits.js';

/** AD means something only to a client that showed it knows the bit (RFC 6840 §5.8). */
export function wantsAuthenticData(query: Query): boolean {
  return query.authenticData || query.edns?.dnssecOk === true;
}

/** Our OPT record for the reply; no octets when the query had none. Version 0, DO echoed (RFC 3225 §3). */
export function replyOpt(
  query: Query,
  limits: ReplyLimits,
  options: readonly OptOption[],
  rcode: Rcode,
): Uint8Array {
  if (query.edns === undefined) return new Uint8Array(0);
  const dnssecOk = query.edns.dnssecOk;
  return optBytes({ udpSize: limits.udpSize, version: 0, dnssecOk, options }, rcode);
}
