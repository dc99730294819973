/** Classes of DNS data (RFC 1035 §3.2.4, RFC 2136 for NONE). */
export const RRCLASS = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** A class code, 0..65535. */
export type RRClass = number;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(RRCLASS).map(([name, code]) => [code, name]),
);

/** The mnemonic, or `CLASS123` (RFC 3597 §5). */
export function rrclassName(value: RRClass): string {
  return NAMES.get(value) ?? `CLASS${value}`;
}

/** The code of a mnemonic or of `CLASS123`, in any letter case; undefined when it is neither. */
export function rrclassCode(text: string): RRClass | undefined {
  const upper = text.toUpperCase();
  for (const [code, name] of NAMES) if (name === upper) return code;
  const generic = /^CLASS(\d{1,5})$/.exec(upper);
  return generic === null ? undefined : Number(generic[1]) & 0xffff;
}
