/**
 * The twelve octets in front of every message (RFC 1035 §4.1.1, AD and CD by RFC 4035 §3.1.6).
 *
 * ```
 *   0              1              2                    3
 *   ID             ID             QR Opcode(4) AA TC RD  RA Z AD CD RCODE(4)
 *   4 QDCOUNT      6 ANCOUNT      8 NSCOUNT           10 ARCOUNT
 * ```
 */
export const HEADER_LENGTH = 12;

/** Bits of octet 2. */
export const QR = 0x80;
export const OPCODE_MASK = 0x78;
export const AA = 0x04;
export const TC = 0x02;
export const RD = 0x01;

/** Bits of octet 3. */
export const RA = 0x80;
export const AD = 0x20;
export const CD = 0x10;
export const RCODE_MASK = 0x0f;

/** The largest reply over UDP unless `bufsize` says otherwise (DNS flag day 2020). */
export const DEFAULT_UDP_LIMIT = 1232;
/** What a client without EDNS takes over UDP (RFC 1035 §4.2.1). */
export const MIN_UDP_LIMIT = 512;
/** The largest message that a TCP length prefix can announce. */
export const MAX_MESSAGE = 65_535;
/** An OPT record without options: root, type, class, ttl, rdlength. */
export const OPT_LENGTH = 11;
