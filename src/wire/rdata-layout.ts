/** Where names stand in the data of records, type by type, and which of them may be compressed. */

/** One field: a name, a character-string (length octet first), or so many octets as they are. */
export type RdataField = 'name' | 'string' | number;

/** The fields of a type's data in order; whatever follows them is taken as it is where `open` says so. */
export interface RdataLayout {
  readonly fields: readonly RdataField[];
  /** More octets may follow the fields (signatures, bitmaps). */
  readonly open: boolean;
  /** Names in it may be compressed when sent: only the types of RFC 1035 (RFC 3597 §4). */
  readonly compress: boolean;
}

function layout(fields: readonly RdataField[], compress: boolean, open = false): RdataLayout {
  return { fields, open, compress };
}

/**
 * Types with names in their data. All of them are read with compression, as old senders compressed
 * even what they must not (RFC 3597 §4); a type that is not listed is opaque.
 */
export const RDATA_LAYOUTS: ReadonlyMap<number, RdataLayout> = new Map([
  [2, layout(['name'], true)], // NS
  [3, layout(['name'], true)], // MD
  [4, layout(['name'], true)], // MF
  [5, layout(['name'], true)], // CNAME
  [6, layout(['name', 'name', 20], true)], // SOA
  [7, layout(['name'], true)], // MB
  [8, layout(['name'], true)], // MG
  [9, layout(['name'], true)], // MR
  [12, layout(['name'], true)], // PTR
  [14, layout(['name', 'name'], true)], // MINFO
  [15, layout([2, 'name'], true)], // MX
  [17, layout(['name', 'name'], false)], // RP
  [18, layout([2, 'name'], false)], // AFSDB
  [21, layout([2, 'name'], false)], // RT
  [24, layout([18, 'name'], false, true)], // SIG
  [26, layout([2, 'name', 'name'], false)], // PX
  [30, layout(['name'], false, true)], // NXT
  [33, layout([6, 'name'], false)], // SRV
  [35, layout([4, 'string', 'string', 'string', 'name'], false)], // NAPTR
  [36, layout([2, 'name'], false)], // KX
  [39, layout(['name'], false)], // DNAME
  [46, layout([18, 'name'], false, true)], // RRSIG
  [47, layout(['name'], false, true)], // NSEC
]);

/** Types whose data in class IN has one length only. */
export const RDATA_LENGTHS: ReadonlyMap<number, number> = new Map([
  [1, 4], // A
  [28, 16], // AAAA
]);
