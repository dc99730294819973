/** Which messages dns2's decoder may be given: it trusts counts, pointers and labels more than is safe. */
import { nameFromWire } from './name.js';
import { RRTYPE, type RRType } from './rrtype.js';

/** dns2's decoder is quadratic in pointers: 2 ms for 1,232 octets, 2 s for 65,000. */
const MAX_DECODED = 4096;
const HEADER_LENGTH = 12;

/**
 * At most 4,096 octets, counts borne out by them, names that end and point backwards, and no dot inside of
 * a label, which dns2 would take for two labels.
 */
export function isFitForDns2(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_LENGTH || bytes.length > MAX_DECODED) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = HEADER_LENGTH;
  for (let left = view.getUint16(4); left > 0; left--) {
    at = plainNameEnd(bytes, at) + 4;
    if (!(at <= bytes.length)) return false;
  }
  for (let left = view.getUint16(6) + view.getUint16(8) + view.getUint16(10); left > 0; left--) {
    at = plainNameEnd(bytes, at);
    if (!(at + 10 <= bytes.length)) return false;
    const type = view.getUint16(at);
    const start = at + 10;
    at = start + view.getUint16(at + 8);
    if (at > bytes.length || !areRdataNamesPlain(bytes, type, start, at)) return false;
  }
  return true;
}

/** Octets in front of the names in the rdata of the types that dns2 decodes, and how many there are. */
const RDATA_NAMES: ReadonlyMap<RRType, { skip: number; names: number }> = new Map([
  [RRTYPE.NS, { skip: 0, names: 1 }],
  [RRTYPE.CNAME, { skip: 0, names: 1 }],
  [RRTYPE.PTR, { skip: 0, names: 1 }],
  [RRTYPE.MX, { skip: 2, names: 1 }],
  [RRTYPE.SRV, { skip: 6, names: 1 }],
  [RRTYPE.SOA, { skip: 0, names: 2 }],
  [RRTYPE.RRSIG, { skip: 18, names: 1 }],
]);

function areRdataNamesPlain(bytes: Uint8Array, type: RRType, start: number, end: number): boolean {
  const layout = RDATA_NAMES.get(type);
  if (layout === undefined) return true;
  let at = start + layout.skip;
  for (let left = layout.names; left > 0; left--) at = plainNameEnd(bytes, at);
  return at <= end;
}

/** Offset behind a name that dns2 carries unchanged; NaN for any other. */
function plainNameEnd(bytes: Uint8Array, at: number): number {
  const found = nameFromWire(bytes, at);
  return found === undefined || found.name.includes('\\.') ? Number.NaN : found.end;
}
