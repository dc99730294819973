/**
 * Domain names between wire form and text.
 *
 * Text form is absolute with a final dot (`a.b.`; the root is `.`), letter case as it came; a dot or
 * backslash inside a label is `\.` or `\\`, any octet outside printable ASCII is `\DDD` (RFC 1035 §5.1).
 */
import { SvcdnsError } from '../errors.js';

/** A name of at most 255 octets in wire form, labels of at most 63 (RFC 1035 §2.3.4). */
export const MAX_NAME_LENGTH = 255;
/** The longest label in octets. */
export const MAX_LABEL_LENGTH = 63;
/** Compression pointers that one name may take: there is no use for more than it can have labels. */
const MAX_POINTERS = 127;
const NOT_LATIN = 'has a character outside of Latin-1; write it in its punycode form';

/**
 * The wire form of a name in text form (a missing final dot is supplied).
 * @throws SvcdnsError NAME_INVALID when a label is empty or too long, the name is too long, or an escape is broken.
 */
export function nameToWire(name: string): Uint8Array {
  if (name === '.' || name === '') return new Uint8Array([0]);
  const out: number[] = [];
  let label: number[] = [];
  const close = (): void => {
    if (label.length === 0) throw invalid(name, 'has an empty label');
    if (label.length > MAX_LABEL_LENGTH) throw invalid(name, 'has a label of more than 63 octets');
    out.push(label.length, ...label);
    label = [];
  };
  for (let i = 0; i < name.length; i++) {
    const char = name.charCodeAt(i);
    if (char === 0x2e) {
      close();
    } else if (char === 0x5c) {
      const digits = name.slice(i + 1, i + 4);
      if (/^\d{3}$/.test(digits) && Number(digits) <= 255) {
        label.push(Number(digits));
        i += 3;
      } else if (i + 1 < name.length && !/^\d/.test(digits)) {
        i += 1;
        if (name.charCodeAt(i) > 0xff) throw invalid(name, NOT_LATIN);
        label.push(name.charCodeAt(i));
      } else {
        throw invalid(name, 'has a broken escape');
      }
    } else if (char > 0xff) {
      throw invalid(name, NOT_LATIN);
    } else {
      label.push(char);
    }
  }
  if (label.length > 0) close();
  out.push(0);
  if (out.length > MAX_NAME_LENGTH) throw invalid(name, 'is longer than 255 octets');
  return Uint8Array.from(out);
}

/** True when {@link nameToWire} would take the text. */
export function isName(name: string): boolean {
  try {
    nameToWire(name);
    return true;
  } catch {
    return false;
  }
}

/** A name read from a message, and the offset just behind it where it stands. */
export interface DecodedName {
  readonly name: string;
  readonly end: number;
}

/**
 * Reads a name at `offset` of a message, following compression pointers that point strictly backwards
 * (RFC 1035 §4.1.4) and at most 127 of them, so its cost is bounded however the message is made.
 * Returns undefined for anything malformed.
 */
export function nameFromWire(message: Uint8Array, offset: number): DecodedName | undefined {
  let text = '';
  let at = offset;
  let end = -1;
  let lowest = offset;
  let total = 1;
  let pointers = 0;
  for (;;) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) {
      return { name: text === '' ? '.' : text, end: end < 0 ? at + 1 : end };
    }
    if (length >= 0xc0) {
      const low = message[at + 1];
      if (low === undefined) return undefined;
      const target = ((length & 0x3f) << 8) | low;
      pointers += 1;
      if (target >= lowest || pointers > MAX_POINTERS) return undefined;
      if (end < 0) end = at + 2;
      lowest = target;
      at = target;
      continue;
    }
    if (length > MAX_LABEL_LENGTH) return undefined;
    total += length + 1;
    if (total > MAX_NAME_LENGTH || at + 1 + length > message.length) return undefined;
    for (let i = at + 1; i <= at + length; i++) text += escapeOctet(message[i] ?? 0);
    text += '.';
    at += length + 1;
  }
}

/** One octet of a label in text form. */
function escapeOctet(octet: number): string {
  if (octet === 0x2e || octet === 0x5c) return `\\${String.fromCharCode(octet)}`;
  if (octet > 0x20 && octet < 0x7f) return String.fromCharCode(octet);
  return `\\${octet.toString().padStart(3, '0')}`;
}

/** The labels of a name in text form, leftmost first, escapes kept; the root has none. */
export function labelsOf(name: string): string[] {
  if (name === '.' || name === '') return [];
  const labels: string[] = [];
  let start = 0;
  for (let i = 0; i < name.length; i++) {
    const char = name.charCodeAt(i);
    if (char === 0x5c) i += 1;
    else if (char === 0x2e) {
      labels.push(name.slice(start, i));
      start = i + 1;
    }
  }
  if (start < name.length) labels.push(name.slice(start));
  return labels;
}

/** Lower case in ASCII only, with the final dot supplied: the form in which names are compared (RFC 4343). */
export function canonicalName(name: string): string {
  const lower = name.replace(/[A-Z]+/g, (run) => run.toLowerCase());
  if (lower === '') return '.';
  return lower.endsWith('.') && slashesBefore(lower, lower.length - 1) % 2 === 0
    ? lower
    : `${lower}.`;
}

/** Whether `name` is `zone` or lies below it; both in canonical form. */
export function isInZone(name: string, zone: string): boolean {
  if (zone === '.') return true;
  if (name === zone) return true;
  if (!name.endsWith(`.${zone}`)) return false;
  // an escaped dot in front of the zone is part of a label, not a cut
  return slashesBefore(name, name.length - zone.length - 1) % 2 === 0;
}

/** The name without its leftmost label; the parent of the root is undefined. */
export function parentName(name: string): string | undefined {
  const labels = labelsOf(name);
  if (labels.length === 0) return undefined;
  return labels.length === 1 ? '.' : `${labels.slice(1).join('.')}.`;
}

/** How many backslashes stand right before position `at`. */
function slashesBefore(name: string, at: number): number {
  let count = 0;
  while (name[at - 1 - count] === '\\') count += 1;
  return count;
}

function invalid(name: string, what: string): SvcdnsError {
  return new SvcdnsError('NAME_INVALID', `name ${JSON.stringify(name)} ${what}`);
}
