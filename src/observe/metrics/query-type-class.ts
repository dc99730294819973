/** The types that metrics tell apart; all others are one, so that nobody can blow the metrics up by asking. */
import { RRTYPE } from '../../dns/rrtype.js';

/** As CoreDNS has them. */
const TOLD_APART = [
  'A',
  'AAAA',
  'CNAME',
  'DNSKEY',
  'DS',
  'MX',
  'NSEC',
  'NSEC3',
  'NS',
  'PTR',
  'RRSIG',
  'SOA',
  'SRV',
  'TXT',
  'HTTPS',
  'SVCB',
  'IXFR',
  'AXFR',
  'ANY',
] as const;

/** The label of each class. */
export const QUERY_TYPE_CLASSES: readonly string[] = ['other', ...TOLD_APART];

/** The class of what is no type at all. */
export const CLASS_OTHER = 0;

/** Class by type code, 0..255; types above are {@link CLASS_OTHER}. */
export function queryTypeClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  for (const [i, name] of TOLD_APART.entries()) classes[RRTYPE[name]] = i + 1;
  return classes;
}
