/** `10-1-2-3` read as an address without making a string. */

/**
 * Reads `length` octets at `from` as four decimal numbers 0..255 with dashes between them, no leading
 * zeros, into `out`. Returns whether they are one. Allocates nothing.
 */
export function parseDashedIpv4(
  bytes: Uint8Array,
  from: number,
  length: number,
  out: Uint8Array,
): boolean {
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let i = from; i <= from + length; i++) {
    const octet = i < from + length ? bytes[i]! : 0x2d;
    if (octet === 0x2d) {
      if (digits === 0 || part > 3) return false;
      out[part] = value;
      part += 1;
      value = 0;
      digits = 0;
    } else if (octet >= 0x30 && octet <= 0x39) {
      if (digits > 0 && value === 0) return false;
      value = value * 10 + (octet - 0x30);
      digits += 1;
      if (value > 255) return false;
    } else {
      return false;
    }
  }
  return part === 4;
}
