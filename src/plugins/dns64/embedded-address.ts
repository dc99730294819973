/** IPv4 addresses inside IPv6 addresses (RFC 6052 §2.2). */

/** Prefix lengths that there are. */
export const PREFIX_BITS: readonly number[] = [32, 40, 48, 56, 64, 96];

/**
 * The address with the 4 octets behind the prefix; octet 8 (bits 64 to 71) stays 0, whatever the length.
 *
 * ```
 *  PL  0-------------32--40--48--56--64--72--80--88--96--104---------|
 *  32     prefix    |v4(32)         | u | suffix                     |
 *  48     prefix            |v4(16) | u |(16)   | suffix             |
 *  64     prefix                    | u |   v4(32)      | suffix     |
 *  96     prefix                                    |    v4(32)      |
 * ```
 */
export function embeddedAddress(
  prefix: Uint8Array,
  prefixBits: number,
  ipv4: Uint8Array,
): Uint8Array {
  const address = Uint8Array.from(prefix);
  let at = prefixBits / 8;
  for (const octet of ipv4) {
    if (at === 8 && prefixBits !== 96) at += 1;
    address[at] = octet;
    at += 1;
  }
  return address;
}
