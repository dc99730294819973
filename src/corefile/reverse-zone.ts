/** Reverse zones of a CIDR (RFC 1035 §3.5, RFC 3596 §2.5; CoreDNS core/dnsserver for masks between labels). */
import ipaddr from 'ipaddr.js';

/** Whether a zone lies under in-addr.arpa or ip6.arpa; canonical form. */
export function isReverseZone(zone: string): boolean {
  return /(?:^|\.)(?:in-addr|ip6)\.arpa\.$/.test(zone);
}

/** Whether the text is an IPv4 address in four decimal parts or an IPv6 address. */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

/**
 * The zones, canonical, that together are the reverse zone of a CIDR: one where the mask falls between
 * two labels, otherwise one for each network of the next mask that does (at most 128, IPv6 8).
 * Undefined when the text is no `address/mask`.
 */
export function reverseZones(cidr: string): readonly string[] | undefined {
  const match = /^([^/%]+)\/(\d{1,3})$/.exec(cidr);
  const [, text = '', maskText = ''] = match ?? [];
  if (!isAddress(text)) return undefined;
  const bytes = ipaddr.parse(text).toByteArray();
  const mask = Number(maskText);
  if (mask > bytes.length * 8) return undefined;
  const four = bytes.length === 4;
  const labelBits = four ? 8 : 4;
  const suffix = four ? 'in-addr.arpa.' : 'ip6.arpa.';
  const labels = Math.ceil(mask / labelBits);
  if (labels === 0) return [suffix];
  const parts = four ? bytes : bytes.flatMap((byte) => [byte >> 4, byte & 0x0f]);
  const written = (part: number): string => (four ? String(part) : part.toString(16));
  const count = 1 << (labels * labelBits - mask);
  const first = (parts[labels - 1] ?? 0) & ~(count - 1);
  const tail = [
    ...parts
      .slice(0, labels - 1)
      .reverse()
      .map(written),
    suffix,
  ];
  return Array.from({ length: count }, (_, i) => [written(first + i), ...tail].join('.'));
}
