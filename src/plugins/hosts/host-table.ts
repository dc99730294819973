/** Names and addresses of hosts, indexed both ways. */
import { reverseNameOf } from '../../dns/address.js';
import { isInZone, labelsOf, parentName } from '../../dns/name.js';
import { RRTYPE, type RRType } from '../../dns/rrtype.js';
import type { HostsEntry } from './options.js';

/** The addresses of one name; both may hold some. */
export interface HostAddresses {
  readonly ipv4: readonly Uint8Array[];
  readonly ipv6: readonly Uint8Array[];
}

/** What becomes of the entries. */
export interface HostTableOptions {
  /** Canonical; names outside of them are left out, in PTR records too. */
  readonly zones: readonly string[];
  readonly reverse: boolean;
}

/** Read-only once it is made; a changed file makes a new one. */
export class HostTable {
  readonly #addresses = new Map<string, { ipv4: Uint8Array[]; ipv6: Uint8Array[] }>();
  readonly #names = new Map<string, string[]>();

  constructor(entries: Iterable<HostsEntry>, { zones, reverse }: HostTableOptions) {
    const everywhere = zones.includes('.');
    for (const { address, names } of entries) {
      for (const name of names) {
        if (!everywhere && !zones.some((zone) => isInZone(name, zone))) continue;
        this.#addAddress(name, address);
        if (reverse && !name.startsWith('*.')) this.#addName(reverseNameOf(address), name);
      }
    }
  }

  /** Names, PTR owners among them. */
  get size(): number {
    return this.#addresses.size + this.#names.size;
  }

  /**
   * The addresses of a canonical name: its own, else those of the wildcard right above it, which stands
   * for one label; undefined when there are neither.
   */
  addressesOf(name: string): HostAddresses | undefined {
    const own = this.#addresses.get(name);
    if (own !== undefined) return own;
    const parent = parentName(name);
    return parent === undefined || parent === '.' ? undefined : this.#addresses.get(`*.${parent}`);
  }

  /** The names that a PTR question for a canonical reverse name is answered with. */
  namesOf(reverseName: string): readonly string[] | undefined {
    return this.#names.get(reverseName);
  }

  /** Owner names at or below a canonical zone, wildcards as they are written. */
  *ownersIn(zone: string): Generator<string> {
    for (const name of this.#addresses.keys()) {
      if (isInZone(name, zone) || standsFor(name, zone)) yield name;
    }
    for (const name of this.#names.keys()) if (isInZone(name, zone)) yield name;
  }

  #addAddress(name: string, address: Uint8Array): void {
    let known = this.#addresses.get(name);
    if (known === undefined) {
      known = { ipv4: [], ipv6: [] };
      this.#addresses.set(name, known);
    }
    const family = address.length === 4 ? known.ipv4 : known.ipv6;
    // an RRset has each record once (RFC 2181 §5), however often the file says it
    if (!family.some((other) => Buffer.compare(other, address) === 0)) family.push(address);
  }

  #addName(reverseName: string, name: string): void {
    const known = this.#names.get(reverseName);
    if (known === undefined) this.#names.set(reverseName, [name]);
    else if (!known.includes(name)) known.push(name);
  }
}

/** The addresses for a question's type; undefined for a type that hosts do not have. */
export function addressesFor(
  addresses: HostAddresses,
  qtype: RRType,
): readonly Uint8Array[] | undefined {
  if (qtype === RRTYPE.A) return addresses.ipv4;
  return qtype === RRTYPE.AAAA ? addresses.ipv6 : undefined;
}

/** Whether a wildcard answers for the very apex of a zone: `*.local.` does for `cluster.local.` */
function standsFor(name: string, zone: string): boolean {
  return name.startsWith('*.') && labelsOf(zone).length > 0 && parentName(zone) === name.slice(2);
}
