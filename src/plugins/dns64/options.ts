/** Options of the dns64 directive: plain data (CoreDNS plugin/dns64). */

export interface Dns64Options {
  /** 16 octets, those behind the prefix 0. */
  readonly prefix: Uint8Array;
  /** 32, 40, 48, 56, 64 or 96 (RFC 6052 §2.2). */
  readonly prefixBits: number;
  /** Addresses are made even where a name has AAAA records. */
  readonly translateAll: boolean;
  /** Clients that ask over IPv4 get them too. */
  readonly allowIpv4: boolean;
}
