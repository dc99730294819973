/** A zone as a data thread answers it: its table, its SOA, and what to do with a name that does not exist. */
import { labelsOf, nameToWire } from '../dns/name.js';
import { type SoaTemplate, shortSoaTemplate, soaTemplate } from './soa.js';
import { openTableMemory } from './table-memory.js';
import { TableReader } from './table-reader.js';

/** Reverse tables are keyed relative to `arpa.`, whatever reverse zone is served from them. */
const ARPA_LENGTH = 6;

/** What a data thread is told of a zone; plain data that may cross threads. */
export interface ZoneDescription {
  /** Canonical. */
  readonly zone: string;
  readonly kind: 'forward' | 'reverse';
  readonly table: SharedArrayBuffer;
  readonly ttlSeconds: number;
  /** Whether a name error goes on to the next plugin. */
  readonly fallthrough: boolean;
  /** Whether `<name>.<ns>.svc` below it may be asked for as `<name>.<ns>`. */
  readonly short: boolean;
  /** Whether names outside, asked through a pod's search list, are found by the chain (search_path outside). */
  readonly searchOutside: boolean;
}

/** A zone with its reader: what the answerer works with. */
export interface ServedZone {
  readonly description: ZoneDescription;
  readonly reader: TableReader;
  /** The apex in wire form, lower case, with root octet. */
  readonly apex: Uint8Array;
  readonly apexLabels: number;
  /** Octets at the end of a qname that are not part of the table's key. */
  readonly keyTail: number;
  readonly soa: SoaTemplate;
  readonly shortSoa: SoaTemplate;
}

/** Opens a zone for the thread that is reader number `reader` of its table. */
export function openZone(description: ZoneDescription, reader: number): ServedZone {
  const apex = nameToWire(description.zone);
  return {
    description,
    reader: new TableReader(openTableMemory(description.table), reader),
    apex,
    apexLabels: labelsOf(description.zone).length,
    keyTail: description.kind === 'forward' ? apex.length : ARPA_LENGTH,
    soa: soaTemplate(description.ttlSeconds),
    shortSoa: shortSoaTemplate(description.zone, description.ttlSeconds),
  };
}
