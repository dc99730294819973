/** Relative names as keys of a table, and as names in front of a zone: names are encoded by the ten thousand. */
import { nameToWire } from '../dns/name.js';
import type { RelativeName } from '../records/rrset.js';

const DOT = 0x2e;
const BACKSLASH = 0x5c;
const NO_KEY = new Uint8Array(0);

/** The wire form of a relative name without root octet, lower case: the key of its entry. */
export function relativeKey(name: RelativeName): Uint8Array {
  return nameBefore(name, NO_KEY);
}

/**
 * The wire form of a relative name with the octets of `tail` behind it: the zone's wire form, or nothing.
 * @throws SvcdnsError NAME_INVALID
 */
export function nameBefore(name: RelativeName, tail: Uint8Array): Uint8Array {
  const { length } = name;
  if (length === 0) return tail;
  const wire = new Uint8Array(length + 1 + tail.length);
  let labelAt = 0;
  for (let i = 0; i < length; i++) {
    const char = name.charCodeAt(i);
    if (char === DOT) {
      wire[labelAt] = i - labelAt;
      labelAt = i + 1;
    } else if (char === BACKSLASH || char > 0x7e) {
      return escapedNameBefore(name, tail);
    } else {
      wire[i + 1] = char;
    }
  }
  wire[labelAt] = length - labelAt;
  // an empty or long label, or a long name, is told by the careful way
  if (length > 200 || !areLabels(wire, length + 1)) return escapedNameBefore(name, tail);
  wire.set(tail, length + 1);
  return wire;
}

function areLabels(wire: Uint8Array, end: number): boolean {
  let at = 0;
  while (at < end) {
    const length = wire[at]!;
    if (length === 0 || length > 63) return false;
    at += length + 1;
  }
  return at === end;
}

function escapedNameBefore(name: RelativeName, tail: Uint8Array): Uint8Array {
  const relative = nameToWire(name).subarray(0, -1);
  const wire = new Uint8Array(relative.length + tail.length);
  wire.set(relative);
  wire.set(tail, relative.length);
  return wire;
}
