/** Names in wire form: expanding compressed ones, and their labels as raw strings. */
import { MAX_NAME_LENGTH } from '../dns/name.js';
import { HEADER_LENGTH } from './header.js';

/**
 * A name has at most 127 labels, so no encoder has a reason for more pointers on one name; without a
 * bound, 8,000 pointers in a row in each of 5,000 records would cost seconds.
 */
const MAX_POINTERS = 127;

/** Takes an expanded name; one serves for all names of a message. */
export interface NameBuffer {
  readonly octets: Uint8Array;
  /** Octets in use after a successful {@link expandName}. */
  length: number;
}

/** An empty buffer that fits every name. */
export function nameBuffer(): NameBuffer {
  return { octets: new Uint8Array(MAX_NAME_LENGTH), length: 0 };
}

/**
 * Writes the name at `offset` of a message into `into`, uncompressed.
 *
 * Pointers must go strictly backwards and never into the header (RFC 1035 §4.1.4), so the cost is bounded
 * by 255 octets and 127 pointers.
 * @returns the offset just behind the name where it stands; -1 when it is malformed
 */
export function expandName(message: Uint8Array, offset: number, into: NameBuffer): number {
  const out = into.octets;
  let used = 0;
  let at = offset;
  let end = -1;
  let lowest = offset;
  let pointers = 0;
  for (;;) {
    const length = message[at];
    if (length === undefined) return -1;
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | (message[at + 1] ?? 0xffff);
      pointers += 1;
      if (target >= lowest || target < HEADER_LENGTH || pointers > MAX_POINTERS) return -1;
      if (end < 0) end = at + 2;
      lowest = target;
      at = target;
      continue;
    }
    if (length > 63 || used + length + 1 > MAX_NAME_LENGTH) return -1;
    if (length === 0) {
      out[used] = 0;
      into.length = used + 1;
      return end < 0 ? at + 1 : end;
    }
    if (at + 1 + length > message.length) return -1;
    for (let i = 0; i <= length; i++) out[used + i] = message[at + i]!;
    used += length + 1;
    at += length + 1;
  }
}

/** The labels of an uncompressed wire name at `offset`, each octet as one character of its string. */
export function wireLabels(wire: Uint8Array, offset: number): string[] {
  const labels: string[] = [];
  let at = offset;
  for (let length = wire[at] ?? 0; length > 0; length = wire[at] ?? 0) {
    let label = '';
    for (let i = at + 1; i <= at + length; i++) label += String.fromCharCode(wire[i] ?? 0);
    labels.push(label);
    at += length + 1;
  }
  return labels;
}

/** Octets of the uncompressed wire name at `offset`, its final zero included. */
export function wireNameLength(wire: Uint8Array, offset: number): number {
  let at = offset;
  for (let length = wire[at] ?? 0; length > 0; length = wire[at] ?? 0) at += length + 1;
  return at + 1 - offset;
}
