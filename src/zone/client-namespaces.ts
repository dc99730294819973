/** Which namespace a client lives in: loopback clients of a sidecar, or pod addresses under `pods verified`. */
import { addressFromText, dashedLabelOf } from '../dns/address.js';
import { hashOctets } from '../wire/query-scan.js';
import { ANSWER_HEADER, ENTRY_KEY, ENTRY_KEY_LENGTH } from './layout.js';
import { relativeKey } from './relative-key.js';
import { openTableMemory } from './table-memory.js';
import { TableReader } from './table-reader.js';

const NO_SUFFIX = new Uint8Array(0);
/** Octets of a record in front of a TXT string's own length: pointer, type, class, TTL, length. */
const TXT_STRING_AT = 12;

/** Looks up namespaces of client addresses; off the hot path. */
export class ClientNamespaces {
  readonly #reader: TableReader | undefined;
  readonly #podNamespace: string | undefined;

  /**
   * @param table keyed by dashed address, a TXT record with the namespace each (sync.ts); undefined without `pods verified`
   * @param podNamespace namespace of loopback clients, in a sidecar
   */
  constructor(
    table: SharedArrayBuffer | undefined,
    reader: number,
    podNamespace: string | undefined,
  ) {
    this.#reader = table && new TableReader(openTableMemory(table), reader);
    this.#podNamespace = podNamespace;
  }

  /** The namespace of a client's textual address; undefined when it is not known. */
  namespaceOf(address: string): string | undefined {
    const bytes = addressFromText(address);
    if (bytes === undefined) return undefined;
    if (isLoopback(bytes)) return this.#podNamespace;
    const reader = this.#reader;
    if (reader === undefined || !reader.isReady()) return undefined;
    const key = relativeKey(dashedLabelOf(bytes));
    reader.enter();
    const entry = reader.find(hashOctets(key, 0, key.length), key, 0, key.length, NO_SUFFIX);
    const namespace = entry === 0 ? undefined : textOf(reader, entry);
    reader.leave();
    return namespace;
  }
}

/** The one TXT string of an entry. */
function textOf({ octets, words }: TableReader, entry: number): string {
  const directory = entry + ((ENTRY_KEY + octets[entry + ENTRY_KEY_LENGTH]! + 3) & ~3);
  const record = entry + words[(directory + 4) >> 2]! + ANSWER_HEADER;
  const length = octets[record + TXT_STRING_AT]!;
  const from = record + TXT_STRING_AT + 1;
  return Buffer.from(octets.slice(from, from + length)).toString('latin1');
}

/** 127.0.0.0/8 and ::1. */
function isLoopback(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes.every((octet, i) => octet === (i === 15 ? 1 : 0));
}
