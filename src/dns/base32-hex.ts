/** Base32 with the extended hex alphabet, without padding (RFC 4648 §7, as NSEC3 writes hashes). */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** Upper-case text of the octets. */
export function base32HexToText(octets: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const octet of octets) {
    held = ((held << 8) | octet) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET.charAt((held >> (bits - 5)) & 31);
  }
  return bits === 0 ? text : text + ALPHABET.charAt((held << (5 - bits)) & 31);
}

/** The octets behind text in any letter case; undefined for what {@link base32HexToText} never writes. */
export function base32HexFromText(text: string): Uint8Array | undefined {
  const octets: number[] = [];
  let held = 0;
  let bits = 0;
  for (const char of text.toUpperCase()) {
    const value = ALPHABET.indexOf(char);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      octets.push((held >> bits) & 0xff);
    }
  }
  const found = Uint8Array.from(octets);
  return found.length > 0 && base32HexToText(found) === text.toUpperCase() ? found : undefined;
}
