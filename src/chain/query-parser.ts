/** Bytes that passed the scan of wire/ → the {@link Query} that handlers see, and copies of it. */
import { canonicalName, nameFromWire } from '../dns/name.js';
import { RRTYPE } from '../dns/rrtype.js';
import { optBytes, readOpt } from '../wire/edns.js';
import { AD, CD, HEADER_LENGTH, RD } from '../wire/header.js';
import { questionBytes } from '../wire/message.js';
import { expandName, nameBuffer } from '../wire/wire-name.js';
import type { Client, Edns, Query, Trace } from './query.js';

/**
 * The query in `bytes`, which become its own.
 * Undefined when the options of its OPT record are broken (FORMERR), which the scan does not look into,
 * or when the bytes did not pass the scan.
 */
export function parseQuery(bytes: Uint8Array, client: Client, trace?: Trace): Query | undefined {
  const name = bytes.length < HEADER_LENGTH ? undefined : nameFromWire(bytes, HEADER_LENGTH);
  if (name === undefined || name.end + 4 > bytes.length) return undefined;
  const edns = findEdns(bytes, name.end + 4);
  if (edns === 'broken') return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const low = view.getUint8(3);
  return {
    qname: name.name,
    qtype: view.getUint16(name.end),
    qclass: view.getUint16(name.end + 2),
    key: canonicalName(name.name),
    bytes,
    id: view.getUint16(0),
    recursionDesired: (view.getUint8(2) & RD) !== 0,
    checkingDisabled: (low & CD) !== 0,
    authenticData: (low & AD) !== 0,
    ...(edns === undefined ? {} : { edns }),
    client,
    ...(trace === undefined ? {} : { trace }),
    depth: 0,
  };
}

/** What a copy of a query may ask instead. */
export interface OtherQuestion {
  readonly qname?: string;
  readonly qtype?: number;
  readonly qclass?: number;
}

/**
 * A copy of the query that asks something else; its bytes are a message of their own that says so too
 * (header and OPT record as before, other additional records left out).
 * @throws SvcdnsError NAME_INVALID when the new qname is no name
 */
export function withQuestion(query: Query, other: OtherQuestion): Query {
  const qname = other.qname ?? query.qname;
  const question = {
    qname,
    qtype: other.qtype ?? query.qtype,
    qclass: other.qclass ?? query.qclass,
  };
  const wire = questionBytes(question);
  const opt = query.edns === undefined ? new Uint8Array(0) : optBytes(query.edns, 0);
  const bytes = new Uint8Array(HEADER_LENGTH + wire.length + opt.length);
  bytes.set(query.bytes.subarray(0, 4));
  bytes[5] = 1;
  bytes[11] = query.edns === undefined ? 0 : 1;
  bytes.set(wire, HEADER_LENGTH);
  bytes.set(opt, HEADER_LENGTH + wire.length);
  return { ...query, ...question, key: canonicalName(qname), bytes };
}

/** The OPT record among the records behind the question. */
function findEdns(bytes: Uint8Array, from: number): Edns | undefined | 'broken' {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  const name = nameBuffer();
  let at = from;
  for (let i = 0; i < records; i++) {
    const end = expandName(bytes, at, name);
    if (end < 0 || end + 10 > bytes.length) return 'broken';
    if (view.getUint16(end) === RRTYPE.OPT) return readOpt(bytes, end)?.opt ?? 'broken';
    at = end + 10 + view.getUint16(end + 8);
  }
  return undefined;
}
