/** Queries as octets for the small benchmarks. */

import { nameToWire } from '../../src/dns/name.js';
import { RRCLASS } from '../../src/dns/rrclass.js';
import { RRTYPE } from '../../src/dns/rrtype.js';

/** A query with RD, with OPT of 1232 octets and DO where asked for. */
export function queryBytes(name: string, type: keyof typeof RRTYPE, edns = false): Uint8Array {
  const qname = nameToWire(`${name}.`);
  const header = [0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, edns ? 1 : 0];
  const opt = edns ? [0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0] : [];
  const qtype = RRTYPE[type];
  return Uint8Array.from([...header, ...qname, qtype >> 8, qtype & 255, 0, RRCLASS.IN, ...opt]);
}
