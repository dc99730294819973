/** A new order for the addresses of each name: uniform, then those in wanted networks first. */
import { canonicalName } from '../../dns/name.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { isInNetwork, type Network } from '../network.js';

/** How records are put in order. */
export interface RecordOrder {
  /** Most wanted first. */
  readonly prefer: readonly Network[];
  /** Uniform in [0, 1). */
  random(): number;
}

/**
 * The records of a section, aliases first (stub resolvers want them in front of what they lead to), the
 * members of each RRset of A, AAAA or MX in a new order in the places that the set has.
 */
export function reordered(
  records: readonly ResourceRecord[],
  order: RecordOrder,
): readonly ResourceRecord[] {
  if (records.length < 2) return records;
  const aliases = records.filter(({ type }) => type === RRTYPE.CNAME);
  const result =
    aliases.length === 0
      ? [...records]
      : [...aliases, ...records.filter(({ type }) => type !== RRTYPE.CNAME)];
  const places = new Map<string, number[]>();
  for (const [place, { type, owner }] of result.entries()) {
    if (type !== RRTYPE.A && type !== RRTYPE.AAAA && type !== RRTYPE.MX) continue;
    const set = `${type} ${canonicalName(owner)}`;
    const known = places.get(set);
    if (known === undefined) places.set(set, [place]);
    else known.push(place);
  }
  for (const set of places.values()) {
    const members = set.flatMap((place) => result[place] ?? []);
    putInOrder(members, ({ type, rdata }) => (type === RRTYPE.MX ? undefined : rdata), order);
    for (const [i, place] of set.entries()) {
      const member = members[i];
      if (member !== undefined) result[place] = member;
    }
  }
  return result;
}

/** Shuffles in place, every order alike (Fisher-Yates), then moves wanted addresses to the front. */
export function putInOrder<T>(
  members: T[],
  addressOf: (member: T) => Uint8Array | undefined,
  { prefer, random }: RecordOrder,
): void {
  for (let left = members.length; left > 1; left--) {
    const chosen = Math.floor(random() * left);
    const last = members[left - 1];
    const other = members[chosen];
    if (last === undefined || other === undefined) continue;
    members[left - 1] = other;
    members[chosen] = last;
  }
  if (prefer.length === 0) return;
  const rank = (member: T): number => {
    const address = addressOf(member);
    const found = prefer.findIndex(
      (network) => address !== undefined && isInNetwork(address, network),
    );
    return found < 0 ? prefer.length : found;
  };
  members.sort((a, b) => rank(a) - rank(b));
}
