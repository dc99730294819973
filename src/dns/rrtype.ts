/** Resource record types by their mnemonics (IANA DNS parameters). */
export const RRTYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  TLSA: 52,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const;

/** A type code, 0..65535. */
export type RRType = number;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(RRTYPE).map(([name, code]) => [code, name]),
);
const CODES: ReadonlyMap<string, number> = new Map(Object.entries(RRTYPE));

/** The mnemonic, or `TYPE123` for a type without one (RFC 3597 §5). */
export function rrtypeName(type: RRType): string {
  return NAMES.get(type) ?? `TYPE${type}`;
}

/** The code of a mnemonic or of `TYPE123`, in any letter case; undefined when it is neither. */
export function rrtypeCode(text: string): RRType | undefined {
  const upper = text.toUpperCase();
  const known = CODES.get(upper);
  if (known !== undefined) return known;
  const generic = /^TYPE(\d{1,5})$/.exec(upper);
  if (generic === null) return undefined;
  const code = Number(generic[1]);
  return code <= 0xffff ? code : undefined;
}
