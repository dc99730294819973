/** Ranges of addresses to allocate from: cluster IPs, pod IPs, load balancer addresses. */
import ipaddr from 'ipaddr.js';
import { addressFamily } from './name-rules.js';

export type Family = 'IPv4' | 'IPv6';

/** A CIDR range; addresses are given by their offset from its start. */
export interface AddressRange {
  readonly cidr: string;
  readonly family: Family;
  /** Addresses in it, capped at 2^32: more are never handed out. */
  readonly size: number;
  /** The address at an offset, 0..size-1, in canonical form. */
  at(offset: number): string;
  contains(address: string): boolean;
}

/** Parses `10.0.0.0/16`, `fd00:10::/112`; throws Error when it is no CIDR range. */
export function addressRange(cidr: string): AddressRange {
  const [base, bits] = ipaddr.parseCIDR(cidr);
  const family: Family = base.kind() === 'ipv4' ? 'IPv4' : 'IPv6';
  const hostBits = (family === 'IPv4' ? 32 : 128) - bits;
  const first = base.toByteArray();
  return {
    cidr,
    family,
    size: 2 ** Math.min(hostBits, 32),
    at: (offset) => addOffset(first, offset),
    contains: (address) => {
      if (addressFamily(address) !== family) return false;
      const parsed = ipaddr.parse(address);
      return parsed.kind() === base.kind() && parsed.match(base, bits);
    },
  };
}

function addOffset(first: readonly number[], offset: number): string {
  const bytes = [...first];
  let carry = offset;
  for (let index = bytes.length - 1; index >= 0 && carry > 0; index -= 1) {
    const sum = (bytes[index] ?? 0) + (carry % 256);
    bytes[index] = sum % 256;
    carry = Math.floor(carry / 256) + (sum > 255 ? 1 : 0);
  }
  const address = ipaddr.fromByteArray(bytes);
  return address.kind() === 'ipv6'
    ? ipaddr.IPv6.parse(address.toString()).toRFC5952String()
    : address.toString();
}
