/** Zones as a directive's arguments name them: domain names and CIDRs (CoreDNS plugin/normalize). */
import { canonicalName, nameToWire } from '../dns/name.js';
import { type Place, SvcdnsError } from '../errors.js';
import { directiveFault } from './faults.js';
import { isAddress, reverseZones } from './reverse-zone.js';

/**
 * The canonical zones of the arguments, without repeats, in their order; a CIDR becomes its reverse
 * zones; no arguments: `fallback` (the zones of the block, or the root for `fallthrough`).
 * @throws SvcdnsError COREFILE_DIRECTIVE when an argument is no zone
 */
export function zonesOfArguments(
  args: readonly string[],
  fallback: readonly string[],
  place: Place,
): readonly string[] {
  if (args.length === 0) return fallback;
  return [...new Set(args.flatMap((arg) => zonesOfText(stripAddress(arg), place)))];
}

/** CoreDNS takes a scheme and a port here too and drops both. */
function stripAddress(text: string): string {
  return text.replace(/^[a-z0-9]+:\/\//, '').replace(/:\d+$/, '');
}

/**
 * One zone, or the reverse zones of a CIDR.
 * @throws SvcdnsError COREFILE_DIRECTIVE
 */
export function zonesOfText(text: string, place: Place): readonly string[] {
  const reverse = reverseZones(text);
  if (reverse !== undefined) return reverse;
  const [front = ''] = text.split('/');
  if (text.includes('/') && isAddress(front)) {
    throw directiveFault(`"${text}" has no such mask`, place, 'write ADDRESS/MASK, as 10.0.0.0/8');
  }
  if (text.includes(':')) {
    throw directiveFault(`"${text}" is no zone`, place, 'write a domain name, or ADDRESS/MASK');
  }
  if (text === '' || /\s/u.test(text)) {
    throw directiveFault(`"${text}" is no zone`, place, 'write a domain name without blanks');
  }
  try {
    nameToWire(text);
  } catch (error) {
    if (!(error instanceof SvcdnsError)) throw error;
    throw directiveFault(`"${text}" is no zone: ${error.message}`, place, 'write a domain name');
  }
  return [canonicalName(text)];
}
