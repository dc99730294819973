/** Relative names as keys of a table. */
import { nameToWire } from '../dns/name.js';
import type { RelativeName } from '../records/rrset.js';

/** The wire form of a relative name without root octet, lower case: the key of its entry. */
export function relativeKey(name: RelativeName): Uint8Array {
  if (name === '') return new Uint8Array(0);
  return nameToWire(name).subarray(0, -1);
}
