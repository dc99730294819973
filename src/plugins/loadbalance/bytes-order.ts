/** The same for a finished message, without taking it apart: addresses have one length and no pointers. */
import { RRTYPE } from '../../dns/rrtype.js';
import { HEADER_LENGTH } from '../../wire/header.js';
import { expandName, type NameBuffer, nameBuffer, wireNameLength } from '../../wire/wire-name.js';
import { putInOrder, type RecordOrder } from './record-order.js';

/** One RRset of addresses: where its data stands. */
interface AddressSet {
  readonly type: number;
  readonly octets: number;
  readonly places: number[];
}

/**
 * The message with the addresses of each RRset in a new order, a copy; the very bytes when there is no
 * RRset of two. Undefined when it takes more: an alias stands behind an address, there are several MX
 * records, or the message is malformed.
 */
export function reorderedBytes(bytes: Uint8Array, order: RecordOrder): Uint8Array | undefined {
  const sets = addressSets(bytes);
  if (sets === undefined) return undefined;
  const several = sets.filter(({ places }) => places.length > 1);
  if (several.length === 0) return bytes;
  // others may hold the same reply: who shares a question shares its answer
  const out = Uint8Array.from(bytes);
  for (const { places, octets } of several) {
    const addresses = places.map((place) => bytes.subarray(place, place + octets));
    putInOrder(addresses, (address) => address, order);
    for (const [i, place] of places.entries()) {
      const address = addresses[i];
      if (address !== undefined) out.set(address, place);
    }
  }
  return out;
}

function addressSets(bytes: Uint8Array): readonly AddressSet[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_LENGTH || view.getUint16(4) !== 1) return undefined;
  const answers = view.getUint16(6);
  const records = answers + view.getUint16(8) + view.getUint16(10);
  const sets: AddressSet[] = [];
  let open: { set: AddressSet; owner: NameBuffer } | undefined;
  let mailServers = 0;
  let at = HEADER_LENGTH + wireNameLength(bytes, HEADER_LENGTH) + 4;
  for (let i = 0; i < records; i++) {
    const owner = nameBuffer();
    const typeAt = expandName(bytes, at, owner);
    if (typeAt < 0 || typeAt + 10 > bytes.length) return undefined;
    const type = view.getUint16(typeAt);
    const length = view.getUint16(typeAt + 8);
    const dataAt = typeAt + 10;
    at = dataAt + length;
    if (at > bytes.length) return undefined;
    if (i === answers) open = undefined;
    if (type === RRTYPE.CNAME && i < answers && sets.length > 0) return undefined;
    mailServers += type === RRTYPE.MX ? 1 : 0;
    if (type !== RRTYPE.A && type !== RRTYPE.AAAA) {
      open = undefined;
      continue;
    }
    if (open?.set.type === type && open.set.octets === length && isSame(open.owner, owner)) {
      open.set.places.push(dataAt);
      continue;
    }
    open = { set: { type, octets: length, places: [dataAt] }, owner };
    sets.push(open.set);
  }
  return mailServers > 1 ? undefined : sets;
}

function isSame(a: NameBuffer, b: NameBuffer): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a.octets[i] !== b.octets[i]) return false;
  return true;
}
