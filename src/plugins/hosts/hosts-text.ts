/** The text of a hosts file to entries: an address, then its names (hosts(5)). */
import { addressFromText } from '../../dns/address.js';
import { canonicalName, isName } from '../../dns/name.js';
import type { HostsEntry } from './options.js';

/** What a text holds. */
export interface HostsText {
  readonly entries: readonly HostsEntry[];
  /** Lines (from 1) without an address in front, without a name, or with a name that is none. */
  readonly ignored: readonly number[];
}

/** Names that need no closer look: isName costs an array and an exception each. */
const PLAIN_NAME = /^(?:[a-z0-9_-]{1,63}\.){0,30}[a-z0-9_-]{1,63}\.?$/i;
const MAX_PLAIN_LENGTH = 253;

/** Reads a whole text; `#` starts a comment anywhere. What is no entry is passed over, as by resolvers. */
export function entriesOfText(text: string): HostsText {
  const entries: HostsEntry[] = [];
  const ignored: number[] = [];
  let line = 0;
  for (const raw of text.split('\n')) {
    line += 1;
    const [content = ''] = raw.split('#', 1);
    const [address, ...names] = content.split(/\s+/).filter((word) => word !== '');
    if (address === undefined) continue;
    const octets = hostsAddress(address);
    const valid = names.filter(isHostName);
    if (octets === undefined || valid.length === 0 || valid.length < names.length) {
      ignored.push(line);
    }
    if (octets === undefined || valid.length === 0) continue;
    entries.push({ address: octets, names: valid.map(canonicalName) });
  }
  return { entries, ignored };
}

/** The octets of an address; a zone index (`fe80::1%eth0`) is dropped, an IPv4-mapped one is IPv4. */
export function hostsAddress(text: string): Uint8Array | undefined {
  const [address = ''] = text.split('%', 1);
  const octets = addressFromText(address);
  if (octets === undefined || octets.length === 4) return octets;
  const mapped = octets.subarray(0, 10).every((octet) => octet === 0);
  return mapped && octets[10] === 0xff && octets[11] === 0xff ? octets.slice(12) : octets;
}

/** Whether a word can be a host's name. */
export function isHostName(word: string): boolean {
  if (word.length <= MAX_PLAIN_LENGTH && PLAIN_NAME.test(word)) return true;
  return word !== '.' && isName(word);
}
