/**
 * All records of a forward zone as its table holds them at one moment: what a zone transfer sends.
 *
 * The table's memory is copied in one go, which takes some 30 ms for 168,000 names (62 MB); the records are
 * made of the copy as they are taken, so that neither the writer nor other queries wait for a slow secondary.
 */
import { nameFromWire } from '../dns/name.js';
import type { ResourceRecord } from '../dns/resource-record.js';
import { RRCLASS } from '../dns/rrclass.js';
import { RRTYPE } from '../dns/rrtype.js';
import {
  ANSWER_ASK_CHAIN,
  ANSWER_COUNT,
  ANSWER_FIXUPS,
  ANSWER_FLAGS,
  ANSWER_HEADER,
  ENTRY_ANSWERS,
  ENTRY_KEY,
  ENTRY_KEY_LENGTH,
  INDEX_HEADER_WORDS,
  TYPE_OTHER,
  WORD_INDEX,
  WORD_TAKEN,
} from './layout.js';
import type { ServedZone } from './served-zone.js';
import type { TableReader } from './table-reader.js';

/** Names that are looked at before the event loop gets its turn. */
const CHUNK = 2_000;
const UNDERSCORE = 0x5f;
/** Octets of a record between owner (a pointer to the question) and data. */
const RECORD_HEAD = 12;

/** The SOA of a zone as it is now. */
export function zoneSoa({ description, shortSoa, reader }: ServedZone): ResourceRecord {
  const { octets, serialAt } = shortSoa;
  const record = octets.slice();
  const view = new DataView(record.buffer);
  view.setInt32(serialAt, reader.serial());
  return {
    owner: description.zone,
    type: RRTYPE.SOA,
    class: RRCLASS.IN,
    ttl: view.getUint32(6),
    rdata: record.subarray(RECORD_HEAD),
  };
}

/**
 * Everything in a zone but its SOA, a name at a time: the apex, names that belong to no service, then
 * services by namespace and name. Left out are pod names, which need not exist to be answered, and
 * addresses at the names of ports, which are those of the service.
 *
 * What is told is the moment at which the first name is taken. A serial that was read before is never
 * newer than the names, so that at worst a secondary asks once more.
 */
export async function* zoneRecords(zone: ServedZone): AsyncGenerator<readonly ResourceRecord[]> {
  const table = copyTable(zone.reader);
  const { apex, others, namespaces } = await grouped(table);
  for (const entry of [...apex, ...inOrder(table, others)]) yield entryRecords(table, entry, zone);
  for (const [, services] of sorted(namespaces)) {
    for (const [, entries] of sorted(services)) {
      for (const entry of inOrder(table, entries)) yield entryRecords(table, entry, zone);
    }
  }
}

/** A table's memory, and where in it the entries are that were published when it was copied. */
interface TableCopy {
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly entries: readonly number[];
}

/** What the index points at is never changed, nor given back before `leave`; so the index is read first. */
function copyTable(reader: TableReader): TableCopy {
  const { words } = reader;
  reader.enter();
  try {
    const entries: number[] = [];
    const base = Atomics.load(words, WORD_INDEX) * 2;
    const slots = words[base]! + 1;
    for (let slot = 0; slot < slots; slot++) {
      const at = Atomics.load(words, base + INDEX_HEADER_WORDS + slot * 2 + 1);
      if (at > 0) entries.push(at * 8);
    }
    const octets = reader.octets.slice(0, Atomics.load(words, WORD_TAKEN));
    return { octets, view: new DataView(octets.buffer), entries };
  } finally {
    reader.leave();
  }
}

/** Entries by what they belong to. */
interface Groups {
  readonly apex: number[];
  readonly others: number[];
  /** Namespace → service → entries. */
  readonly namespaces: Map<string, Map<string, number[]>>;
}

async function grouped(table: TableCopy): Promise<Groups> {
  const groups: Groups = { apex: [], others: [], namespaces: new Map() };
  let count = 0;
  for (const entry of table.entries) {
    group(labelsAt(table, entry), entry, groups);
    count += 1;
    if (count % CHUNK === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return groups;
}

function group(labels: readonly string[], entry: number, groups: Groups): void {
  const [kind, namespace, service] = labels.toReversed();
  if (kind === undefined) groups.apex.push(entry);
  else if (kind === 'pod') return;
  else if (kind !== 'svc' || namespace === undefined || service === undefined) {
    groups.others.push(entry);
  } else {
    const services = groups.namespaces.get(namespace) ?? new Map<string, number[]>();
    groups.namespaces.set(namespace, services);
    const entries = services.get(service);
    if (entries === undefined) services.set(service, [entry]);
    else entries.push(entry);
  }
}

function sorted<T>(groups: ReadonlyMap<string, T>): [string, T][] {
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The shortest name first, so that a service comes before its ports and endpoints. */
function inOrder(table: TableCopy, entries: readonly number[]): number[] {
  return entries
    .map((entry) => ({ entry, labels: labelsAt(table, entry) }))
    .sort(
      (a, b) =>
        a.labels.length - b.labels.length || (a.labels.join('.') < b.labels.join('.') ? -1 : 1),
    )
    .map(({ entry }) => entry);
}

/** The labels of an entry's key as raw text, leftmost first. */
function labelsAt({ octets }: TableCopy, entry: number): string[] {
  const end = entry + ENTRY_KEY + octets[entry + ENTRY_KEY_LENGTH]!;
  const labels: string[] = [];
  for (let at = entry + ENTRY_KEY; at < end; at += octets[at]! + 1) {
    labels.push(Buffer.from(octets.buffer, at + 1, octets[at]!).toString('latin1'));
  }
  return labels;
}

/** The records that are the name's own. */
function entryRecords(table: TableCopy, entry: number, zone: ServedZone): ResourceRecord[] {
  const { octets, view } = table;
  const keyLength = octets[entry + ENTRY_KEY_LENGTH]!;
  const owner = ownerOf(octets.subarray(entry + ENTRY_KEY, entry + ENTRY_KEY + keyLength), zone);
  const isPort = octets[entry + ENTRY_KEY + 1] === UNDERSCORE && keyLength > 0;
  const directory = entry + ((ENTRY_KEY + keyLength + 3) & ~3);
  const answers = Array.from({ length: octets[entry + ENTRY_ANSWERS]! }, (_, i) => ({
    type: view.getUint16(directory + i * 8, true),
    at: entry + view.getUint32(directory + i * 8 + 4, true),
  }));
  const alias = answers.find(({ type }) => type === RRTYPE.CNAME);
  return (alias === undefined ? answers : [alias]).flatMap(({ type, at }) => {
    const isAddress = type === RRTYPE.A || type === RRTYPE.AAAA;
    if (type === TYPE_OTHER || (isPort && isAddress)) return [];
    return answerRecords(table, at, owner);
  });
}

function ownerOf(key: Uint8Array, { apex }: ServedZone): string {
  const wire = new Uint8Array(key.length + apex.length);
  wire.set(key);
  wire.set(apex, key.length);
  return nameFromWire(wire, 0)?.name ?? '.';
}

/** The answer section of a compiled answer; names in its data are written out. */
function answerRecords(
  { octets, view }: TableCopy,
  answer: number,
  owner: string,
): ResourceRecord[] {
  if ((view.getUint16(answer + ANSWER_FLAGS, true) & ANSWER_ASK_CHAIN) !== 0) return [];
  const fixups = view.getUint16(answer + ANSWER_FIXUPS, true);
  const records: ResourceRecord[] = [];
  let at = answer + ((ANSWER_HEADER + fixups * 2 + 3) & ~3);
  for (let left = view.getUint16(answer + ANSWER_COUNT, true); left > 0; left--) {
    const end = at + RECORD_HEAD + view.getUint16(at + 10);
    records.push({
      owner,
      type: view.getUint16(at + 2),
      class: view.getUint16(at + 4),
      ttl: view.getUint32(at + 6),
      rdata: octets.subarray(at + RECORD_HEAD, end),
    });
    at = end;
  }
  return records;
}
