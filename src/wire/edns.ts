/** The OPT pseudo-record: reading its fixed part and its options, and writing it (RFC 6891 §6.1). */
import { OPT_LENGTH } from './header.js';

/** Option codes that this server looks at or writes (IANA DNS EDNS0 option codes). */
export const EDNS_OPTION = { NSID: 3, COOKIE: 10, KEEPALIVE: 11, PADDING: 12, EDE: 15 } as const;

/** One option of an OPT record. */
export interface OptOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/** What an OPT record says, but for the upper bits of the rcode. */
export interface Opt {
  /** The sender's receive buffer in octets, 0..65535. */
  readonly udpSize: number;
  readonly version: number;
  /** DNSSEC OK (RFC 3225). */
  readonly dnssecOk: boolean;
  readonly options: readonly OptOption[];
}

/** An OPT record as read: what it says and the upper eight bits of the rcode. */
export interface OptRead {
  readonly opt: Opt;
  readonly extendedRcode: number;
}

/**
 * Reads an OPT record whose type field stands at `at` (just behind its one-octet root owner).
 * Options are copied. Undefined when the record runs out of the message or its options do not fill it.
 */
export function readOpt(message: Uint8Array, at: number): OptRead | undefined {
  if (at + 10 > message.length) return undefined;
  const end = at + 10 + (((message[at + 8] ?? 0) << 8) | (message[at + 9] ?? 0));
  if (end > message.length) return undefined;
  const version = message[at + 5] ?? 0;
  const options: OptOption[] = [];
  // the data of another version may be laid out in another way (RFC 6891 §6.1.3)
  let cursor = version === 0 ? at + 10 : end;
  while (cursor < end) {
    if (cursor + 4 > end) return undefined;
    const code = ((message[cursor] ?? 0) << 8) | (message[cursor + 1] ?? 0);
    const length = ((message[cursor + 2] ?? 0) << 8) | (message[cursor + 3] ?? 0);
    cursor += 4;
    if (cursor + length > end) return undefined;
    options.push({ code, data: Uint8Array.from(message.subarray(cursor, cursor + length)) });
    cursor += length;
  }
  return {
    opt: {
      udpSize: ((message[at + 2] ?? 0) << 8) | (message[at + 3] ?? 0),
      version,
      dnssecOk: ((message[at + 6] ?? 0) & 0x80) !== 0,
      options,
    },
    extendedRcode: message[at + 4] ?? 0,
  };
}

/** The octets of an OPT record, root owner included; `rcode` gives its upper eight bits. */
export function optBytes(opt: Opt, rcode: number): Uint8Array {
  let length = OPT_LENGTH;
  for (const option of opt.options) length += 4 + option.data.length;
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  view.setUint16(1, 41);
  view.setUint16(3, opt.udpSize);
  out[5] = rcode >> 4;
  out[6] = opt.version;
  out[7] = opt.dnssecOk ? 0x80 : 0;
  view.setUint16(9, length - OPT_LENGTH);
  let at = OPT_LENGTH;
  for (const option of opt.options) {
    view.setUint16(at, option.code);
    view.setUint16(at + 2, option.data.length);
    out.set(option.data, at + 4);
    at += 4 + option.data.length;
  }
  return out;
}

/** The longest text of an extended error that is sent, in octets: it must not crowd out records. */
export const MAX_EDE_TEXT = 120;

/** An extended DNS error as an option (RFC 8914 §2); its text is UTF-8 without a final NUL, cut if long. */
export function extendedErrorOption(code: number, text: string): OptOption {
  let encoded = new TextEncoder().encode(text);
  if (encoded.length > MAX_EDE_TEXT) {
    // never inside a character: continuation octets are 10xxxxxx
    let cut = MAX_EDE_TEXT;
    while (cut > 0 && ((encoded[cut] ?? 0) & 0xc0) === 0x80) cut -= 1;
    encoded = encoded.slice(0, cut);
  }
  const data = new Uint8Array(2 + encoded.length);
  data[0] = code >> 8;
  data[1] = code & 0xff;
  data.set(encoded, 2);
  return { code: EDNS_OPTION.EDE, data };
}
