/** Canonical text of IP addresses: one address has one spelling in the store and its indices. */
import { canonicalAddress } from '../dns/address.js';

/** A canonical address and its family. */
export interface IpText {
  readonly text: string;
  readonly family: 4 | 6;
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`. */
const MAX_LENGTH = 45;

/**
 * Dotted decimal without leading zeros, or lower-case RFC 5952 text; an IPv4-mapped IPv6 address is the
 * IPv4 address that it means. Leading zeros are read as decimal, as Kubernetes reads addresses of old
 * objects. Undefined for everything else, a zone index (`fe80::1%eth0`) included.
 */
export function canonicalIp(value: string): IpText | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  const parts = IPV4.exec(value);
  if (parts !== null) {
    const numbers = [Number(parts[1]), Number(parts[2]), Number(parts[3]), Number(parts[4])];
    return numbers.some((part) => part > 255) ? undefined : { text: numbers.join('.'), family: 4 };
  }
  const text = canonicalAddress(value);
  return text === undefined ? undefined : { text, family: text.includes(':') ? 6 : 4 };
}
