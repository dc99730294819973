/**
 * The SOA record of a served zone, ready to be copied behind a question (RFC 1035 §3.3.13).
 *
 * MNAME is `ns.dns.<zone>`, RNAME `hostmaster.<zone>`, the numbers are CoreDNS's; the minimum is the
 * directive's TTL and with it how long a negative answer may be kept (RFC 2308 §5).
 */
import { nameToWire } from '../dns/name.js';

const REFRESH = 7200;
const RETRY = 1800;
const EXPIRE = 86_400;
/** The record's own TTL is capped, as CoreDNS does. */
const MAX_SOA_TTL = 300;

/** A template and the places that are patched when it is sent. */
export interface SoaTemplate {
  readonly octets: Uint8Array;
  /** Where pointers to the zone apex in the question go; none when the apex is written out. */
  readonly apexPointers: readonly number[];
  readonly serialAt: number;
}

const POINTER = [0, 0];
const MNAME_LABELS = [2, 0x6e, 0x73, 3, 0x64, 0x6e, 0x73];
const RNAME_LABELS = [10, ...Buffer.from('hostmaster')];

/** The template for questions inside the zone: the apex is a pointer into the question. */
export function soaTemplate(ttlSeconds: number): SoaTemplate {
  const rdata = [...MNAME_LABELS, ...POINTER, ...RNAME_LABELS, ...POINTER];
  const mnameAt = 12 + MNAME_LABELS.length;
  const rnameAt = mnameAt + 2 + RNAME_LABELS.length;
  return finish(POINTER, rdata, ttlSeconds, [0, mnameAt, rnameAt]);
}

/** The template for short names (search_path): the question stands for the apex, the names are written out. */
export function shortSoaTemplate(zone: string, ttlSeconds: number): SoaTemplate {
  const apex = [...nameToWire(zone)];
  const rdata = [...MNAME_LABELS, ...apex, ...RNAME_LABELS, ...apex];
  return finish([0xc0, 0x0c], rdata, ttlSeconds, []);
}

function finish(
  owner: readonly number[],
  names: readonly number[],
  ttlSeconds: number,
  apexPointers: readonly number[],
): SoaTemplate {
  const head = [...owner, 0, 6, 0, 1, ...u32(Math.min(ttlSeconds, MAX_SOA_TTL))];
  const length = names.length + 20;
  const octets = Uint8Array.from([
    ...head,
    length >> 8,
    length & 0xff,
    ...names,
    ...u32(0),
    ...u32(REFRESH),
    ...u32(RETRY),
    ...u32(EXPIRE),
    ...u32(ttlSeconds),
  ]);
  return { octets, apexPointers, serialAt: octets.length - 20 };
}

function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
