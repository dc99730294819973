/** Canonical text of IP addresses: one address has one spelling in the store and its indices. */
import ipaddr from 'ipaddr.js';

/** A canonical address and its family. */
export interface IpText {
  readonly text: string;
  readonly family: 4 | 6;
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/**
 * Dotted decimal without leading zeros, or lower-case RFC 5952 text; an IPv4-mapped IPv6 address is the
 * IPv4 address that it means. Leading zeros are read as decimal, as Kubernetes reads addresses of old
 * objects. Undefined for everything else, a zone index (`fe80::1%eth0`) included.
 */
export function canonicalIp(value: string): IpText | undefined {
  if (value.length > 45) return undefined;
  const parts = IPV4.exec(value);
  if (parts !== null) {
    const numbers = [Number(parts[1]), Number(parts[2]), Number(parts[3]), Number(parts[4])];
    return numbers.some((part) => part > 255) ? undefined : { text: numbers.join('.'), family: 4 };
  }
  if (!value.includes(':') || value.includes('%') || !ipaddr.IPv6.isValid(value)) return undefined;
  const address = ipaddr.IPv6.parse(value);
  if (address.isIPv4MappedAddress()) {
    return { text: address.toIPv4Address().toString(), family: 4 };
  }
  return { text: address.toRFC5952String(), family: 6 };
}
