/**
 * IP addresses between text, bytes, reverse names and the dashed labels of pods and endpoints.
 *
 * Text that is read is judged strictly (no octal-looking octets, no zone index); text that is written is
 * canonical: dotted decimal for IPv4, RFC 5952 for IPv6.
 */

const GROUP = /^[0-9a-f]{1,4}$/i;

/** The 4 octets of dotted decimal text; undefined for anything else, leading zeros included. */
export function ipv4FromText(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length < 7 || length > 15) return undefined;
  const bytes = new Uint8Array(4);
  let part = 0;
  let value = -1;
  // by hand: addresses are read by the hundred thousand when the first lists come in
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit >= 0 && digit <= 9) {
      if (value === 0) return undefined;
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return undefined;
    } else {
      if (text[i] !== '.' || value < 0 || part === 3) return undefined;
      bytes[part] = value;
      part += 1;
      value = -1;
    }
  }
  if (part !== 3 || value < 0) return undefined;
  bytes[3] = value;
  return bytes;
}

/** The 16 octets of IPv6 text (RFC 4291 §2.2, also with an IPv4 tail); undefined for anything else. */
export function ipv6FromText(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsFrom(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupsFrom(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  // "::" stands for at least one group (RFC 4291 §2.2), so eight written groups leave no room for it
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  for (const [i, group] of groups.entries()) {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 0xff;
  }
  return bytes;
}

/** The 4 or 16 octets of an address in text form; undefined when it is none. */
export function addressFromText(text: string): Uint8Array | undefined {
  return text.includes(':') ? ipv6FromText(text) : ipv4FromText(text);
}

/** Dotted decimal text of the 4 octets at `offset`. */
export function ipv4ToText(bytes: Uint8Array, offset: number = 0): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** RFC 5952 text of the 16 octets at `offset`; an IPv4-mapped address keeps its dotted tail (§5). */
export function ipv6ToText(bytes: Uint8Array, offset: number = 0): string {
  const own = bytes.subarray(offset, offset + 16);
  if (isMapped(own)) return `::ffff:${ipv4ToText(own, 12)}`;
  return groupsToText(own, ':');
}

/** Canonical text of 4 or 16 octets; undefined for any other length. */
export function addressToText(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return ipv4ToText(bytes);
  return bytes.length === 16 ? ipv6ToText(bytes) : undefined;
}

/** Canonical text of an address in text form; an IPv4-mapped one becomes IPv4; undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  const bytes = addressFromText(text);
  if (bytes === undefined) return undefined;
  return bytes.length === 16 && isMapped(bytes) ? ipv4ToText(bytes, 12) : addressToText(bytes);
}

/** Name under in-addr.arpa or ip6.arpa (RFC 1035 §3.5, RFC 3596 §2.5) of 4 or 16 octets. */
export function reverseNameOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${[...bytes].reverse().join('.')}.in-addr.arpa.`;
  const nibbles: string[] = [];
  for (const byte of bytes) nibbles.push((byte >> 4).toString(16), (byte & 0x0f).toString(16));
  return `${nibbles.reverse().join('.')}.ip6.arpa.`;
}

/**
 * The octets that a whole reverse name stands for, in any letter case, with or without the final dot;
 * undefined for a name above a host's (too few labels), one with too many, or one outside both trees.
 */
export function addressFromReverseName(name: string): Uint8Array | undefined {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.');
  const tree = labels.splice(-2).join('.');
  if (tree === 'in-addr.arpa') return ipv4FromText(labels.reverse().join('.'));
  if (tree !== 'ip6.arpa' || labels.length !== 32) return undefined;
  const nibbles = labels.reverse();
  if (!nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble))) return undefined;
  return Uint8Array.from(Buffer.from(nibbles.join(''), 'hex'));
}

/**
 * The label that stands for an address in pod and endpoint names (`10-0-0-1`, `2001-db8--1`).
 *
 * A label must neither begin nor end with a dash (RFC 1123 §2.1), so `::1` is `0--1` and `fd00::` is
 * `fd00--0`; CoreDNS mends only the end.
 */
export function dashedLabelOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('-');
  const dashed = groupsToText(bytes, '-');
  return `${dashed.startsWith('-') ? '0' : ''}${dashed}${dashed.endsWith('-') ? '0' : ''}`;
}

/**
 * The octets behind a dashed label: IPv4 with exactly three dashes of which no two touch, IPv6 otherwise,
 * in any spelling that IPv6 text allows, also with a bare dash at either end; undefined when it is none.
 */
export function addressFromDashedLabel(label: string): Uint8Array | undefined {
  if (label.includes('.') || label.includes(':')) return undefined;
  const dashes = label.split('-').length - 1;
  if (dashes === 3 && !label.includes('--')) return ipv4FromText(label.replaceAll('-', '.'));
  return ipv6FromText(label.replaceAll('-', ':'));
}

/** The groups of one side of `::`; an IPv4 tail counts for two, where one may stand. */
function groupsFrom(text: string, tailAllowed: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (GROUP.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const ipv4 = tailAllowed && i === parts.length - 1 ? ipv4FromText(part) : undefined;
    if (ipv4 === undefined) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = ipv4;
    groups.push((a << 8) | b, (c << 8) | d);
  }
  return groups;
}

/** Eight groups with the longest run of at least two zero groups shortened (RFC 5952 §4.2). */
function groupsToText(bytes: Uint8Array, separator: string): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  const run = longestZeroRun(groups);
  const text = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(separator);
  if (run.length < 2) return text(groups);
  const before = text(groups.slice(0, run.start));
  return `${before}${separator}${separator}${text(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}

/** Whether 16 octets are ::ffff:0:0/96 (RFC 4291 §2.5.5.2). */
function isMapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}
