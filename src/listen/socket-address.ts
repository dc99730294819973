/** Socket addresses as the kernel writes them, to and from text, without strings where none are asked for. */
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/**
 * Octets of the two forms, as Linux lays them out; the family is in host order (little endian on
 * every platform taken here), the port in network order.
 *
 * ```
 *   sockaddr_in    0 family   2 port   4 address (4)    8 zero (8)                        16 octets
 *   sockaddr_in6   0 family   2 port   4 flow label     8 address (16)   24 scope (4)     28 octets
 * ```
 */
export const IPV4_LENGTH = 16;
export const IPV6_LENGTH = 28;
export const AF_INET = 2;
export const AF_INET6 = 10;

const DOT = 0x2e;
const COLON = 0x3a;

/**
 * Writes the socket address of `text` and `port`; allocates nothing for addresses without a scope.
 *
 * @param text an IPv4 or IPv6 address; `%` with an interface's name or number is its scope (RFC 4007 §11)
 * @param port 0..65535
 * @param bytes takes up to {@link IPV6_LENGTH} octets from `start`
 * @returns octets written, 0 when the text is no address or its scope is unknown
 */
export function writeSocketAddress(
  text: string,
  port: number,
  bytes: Uint8Array,
  start: number,
): number {
  if (start + IPV6_LENGTH > bytes.length) return 0;
  bytes.fill(0, start, start + IPV6_LENGTH);
  bytes[start + 2] = port >> 8;
  bytes[start + 3] = port & 0xff;
  if (writeIpv4(text, 0, text.length, bytes, start + 4)) {
    bytes[start] = AF_INET;
    return IPV4_LENGTH;
  }
  const percent = text.indexOf('%');
  const end = percent === -1 ? text.length : percent;
  if (!writeIpv6(text, end, bytes, start + 8)) return 0;
  bytes[start] = AF_INET6;
  if (percent !== -1 && !writeScope(text.slice(percent + 1), bytes, start + 24)) return 0;
  return IPV6_LENGTH;
}

/** Whether a socket address of `length` octets is one that a reply can go to: RFC 768 port 0 is none. */
export function isAnswerable(bytes: Uint8Array, start: number, length: number): boolean {
  const family = bytes[start]!;
  const whole =
    (family === AF_INET && length === IPV4_LENGTH) ||
    (family === AF_INET6 && length === IPV6_LENGTH);
  return whole && (bytes[start + 2]! | bytes[start + 3]!) !== 0;
}

/** The port, 0..65535. */
export function portOf(bytes: Uint8Array, start: number): number {
  return (bytes[start + 2]! << 8) | bytes[start + 3]!;
}

/** The address as text, an IPv4-mapped one (RFC 4291 §2.5.5.2) as IPv4, IPv6 as RFC 5952 wants it. */
export function addressText(bytes: Uint8Array, start: number): string {
  if (bytes[start] === AF_INET) return dotted(bytes, start + 4);
  const address = ipaddr.fromByteArray([...bytes.subarray(start + 8, start + 24)]);
  return address instanceof ipaddr.IPv6 && !address.isIPv4MappedAddress()
    ? address.toRFC5952String()
    : dotted(bytes, start + 20);
}

function dotted(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** Four decimal numbers in `text[from, end)`, none with leading zeros; else leaves zeros, gives false. */
function writeIpv4(
  text: string,
  from: number,
  end: number,
  bytes: Uint8Array,
  start: number,
): boolean {
  let part = 0;
  let value = -1;
  for (let i = from; i < end; i += 1) {
    const char = text.charCodeAt(i);
    if (char >= 0x30 && char <= 0x39) {
      value = value === -1 ? char - 0x30 : value === 0 ? 256 : value * 10 + char - 0x30;
      if (value <= 255) continue;
    } else if (char === DOT && value !== -1 && part < 3) {
      bytes[start + part] = value;
      part += 1;
      value = -1;
      continue;
    }
    bytes.fill(0, start, start + 4);
    return false;
  }
  bytes[start + part] = value;
  return part === 3 && value !== -1;
}

/** RFC 4291 §2.2, all three forms, in `text[0, end)`. The sixteen octets are expected to be zero. */
function writeIpv6(text: string, end: number, bytes: Uint8Array, start: number): boolean {
  let at = 0; // octets written
  let gap = -1; // where `::` stood
  let i = 0;
  if (end >= 2 && text.charCodeAt(0) === COLON && text.charCodeAt(1) === COLON) {
    gap = 0;
    i = 2;
  }
  while (i < end) {
    const groupStart = i;
    let value = 0;
    for (; i < end && i - groupStart < 4; i += 1) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit === -1) break;
      value = (value << 4) | digit;
    }
    if (i === groupStart || at > 14) return false;
    if (i < end && text.charCodeAt(i) === DOT) {
      if (at > 12 || !writeIpv4(text, groupStart, end, bytes, start + at)) return false;
      at += 4;
      break;
    }
    bytes[start + at] = value >> 8;
    bytes[start + at + 1] = value & 0xff;
    at += 2;
    if (i === end) break;
    if (text.charCodeAt(i) !== COLON || i + 1 === end) return false;
    i += 1;
    if (text.charCodeAt(i) === COLON) {
      if (gap !== -1) return false;
      gap = at;
      i += 1;
    }
  }
  if (gap === -1) return at === 16;
  if (at === 16) return false;
  bytes.copyWithin(start + 16 - (at - gap), start + gap, start + at);
  bytes.fill(0, start + gap, start + 16 - (at - gap));
  return true;
}

function hexDigit(char: number): number {
  if (char >= 0x30 && char <= 0x39) return char - 0x30;
  const lower = char | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Link-local askers only, so the system's list may be asked each time. */
function writeScope(zone: string, bytes: Uint8Array, start: number): boolean {
  const scope = /^\d+$/.test(zone)
    ? Number(zone)
    : networkInterfaces()[zone]?.find((entry) => entry.family === 'IPv6' && entry.scopeid !== 0)
        ?.scopeid;
  if (scope === undefined || scope > 0xffffffff) return false;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(start, scope, true);
  return true;
}
