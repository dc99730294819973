/** Response codes (RFC 1035 §4.1.1, RFC 2136, RFC 6891 for BADVERS, RFC 7873 for BADCOOKIE). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

/** A response code; values above 15 need an OPT record to be carried. */
export type Rcode = number;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(RCODE).map(([name, code]) => [code, name]),
);

/** The mnemonic, or `RCODE123`. */
export function rcodeName(rcode: Rcode): string {
  return NAMES.get(rcode) ?? `RCODE${rcode}`;
}

/** The code of a mnemonic in any letter case; undefined when it is none. */
export function rcodeCode(text: string): Rcode | undefined {
  const upper = text.toUpperCase();
  for (const [code, name] of NAMES) if (name === upper) return code;
  return undefined;
}
