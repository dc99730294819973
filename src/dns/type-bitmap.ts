/** The set of record types in NSEC and NSEC3 records (RFC 4034 §4.1.2). */
import { recordFault } from './presentation.js';
import type { RdataField } from './rdata-field.js';
import { type RRType, rrtypeCode, rrtypeName } from './rrtype.js';

/** Types by mnemonic, to the end of the rdata; none at all is allowed (RFC 5155 §3.2.1). */
export const typeBitmapField: RdataField = {
  toText: (rdata) => {
    const types: string[] = [];
    let lastWindow = -1;
    while (rdata.left > 0) {
      const window = rdata.number(1) ?? 0;
      const bits = rdata.characterString();
      if (bits === undefined || bits.length === 0 || bits.length > 32) return undefined;
      // windows ascend and carry no trailing zero octets, so there is one form to write back
      if (window <= lastWindow || bits[bits.length - 1] === 0) return undefined;
      lastWindow = window;
      for (const [i, octet] of bits.entries()) {
        for (let bit = 0; bit < 8; bit++) {
          if (octet & (0x80 >> bit)) types.push(rrtypeName(window * 256 + i * 8 + bit));
        }
      }
    }
    return types.join(' ');
  },
  fromText: (words) => {
    const types = new Set<RRType>();
    while (words.left > 0) {
      const { text } = words.next('a type');
      const type = rrtypeCode(text);
      if (type === undefined) throw recordFault(`${JSON.stringify(text)} is no record type`);
      types.add(type);
    }
    return bitmapOf([...types].sort((a, b) => a - b));
  },
};

/** @param types ascending, without repeats */
function bitmapOf(types: readonly RRType[]): Uint8Array {
  const windows = new Map<number, number[]>();
  for (const type of types) {
    const octets = windows.get(type >> 8) ?? [];
    const at = (type & 0xff) >> 3;
    while (octets.length <= at) octets.push(0);
    octets[at] = (octets[at] ?? 0) | (0x80 >> (type & 7));
    windows.set(type >> 8, octets);
  }
  const wire: number[] = [];
  for (const [window, octets] of windows) wire.push(window, octets.length, ...octets);
  return Uint8Array.from(wire);
}
