/**
 * The one pass over an incoming message: header, one question, OPT. Allocates nothing.
 *
 * The qname is walked once: it is folded to lower case (RFC 4343), and the running hash in front of
 * each label is kept, so that any name relative to any zone can be looked up without another walk.
 */
import { HEADER_LENGTH, OPCODE_MASK, QR } from './header.js';

/** The message is one question that can be answered. */
export const SCAN_OK = 0;
/** No answer at all: shorter than a header, or a response (answering one could start a loop). */
export const SCAN_SILENT = 1;
/** FORMERR with the header only: the question can't be read or the counts are not a query's. */
export const SCAN_FORMERR = 2;
/** NOTIMP with the header only: the opcode is not QUERY. */
export const SCAN_NOTIMP = 3;
/** FORMERR, the question could be read: an additional record is broken, or there are two OPT records. */
export const SCAN_FORMERR_QUESTION = 4;

/** One of the results above. */
export type ScanResult = number;

const MAX_LABELS = 128;
const MAX_NAME = 255;
const TYPE_OPT = 41;

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** One step of the 32-bit FNV-1a hash; start from {@link HASH_START}. */
export function hashOctet(hash: number, octet: number): number {
  return Math.imul(hash ^ octet, FNV_PRIME);
}

/** The hash of nothing. */
export const HASH_START: number = FNV_OFFSET;

/** The hash of `length` octets, as the scan computes it of a folded name without its final root octet. */
export function hashOctets(bytes: Uint8Array, start: number, length: number): number {
  let hash = HASH_START;
  for (let i = start; i < start + length; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_PRIME);
  return hash;
}

/** What a scan found; one object per listener, overwritten by each scan. Offsets count from the message's start. */
export class QueryScan {
  /** Octets of the qname with its root octet, 1..255. */
  qnameLength = 0;
  /** Labels without the root, 0..127. */
  labelCount = 0;
  qtype = 0;
  qclass = 0;
  /** Just behind the question. */
  questionEnd = 0;
  hasEdns = false;
  /** As the client announced it. */
  udpSize = 0;
  ednsVersion = 0;
  dnssecOk = false;
  /** Whether the OPT record carries options. */
  hasEdnsOptions = false;
  /** Whether there are records besides the question and OPT (TSIG, an IXFR's SOA). */
  hasOtherRecords = false;
  /** The qname in lower case, wire form with root octet. */
  readonly folded: Uint8Array = new Uint8Array(256);
  /** Where label i starts in the qname (its length octet); entry `labelCount` is the root octet. */
  readonly labelStart: Uint8Array = new Uint8Array(MAX_LABELS + 1);
  /** Hash of the folded octets in front of label i; entry `labelCount` is that of all labels. */
  readonly prefixHash: Int32Array = new Int32Array(MAX_LABELS + 1);
}

/**
 * Scans the message of `length` octets at `start` of `bytes` into `scan`.
 * Never throws, never reads outside of the message.
 */
export function scanQuery(
  bytes: Uint8Array,
  start: number,
  length: number,
  scan: QueryScan,
): ScanResult {
  if (length < HEADER_LENGTH) return SCAN_SILENT;
  const flags = bytes[start + 2]!;
  if ((flags & QR) !== 0) return SCAN_SILENT;
  if ((flags & OPCODE_MASK) !== 0) return SCAN_NOTIMP;
  if (bytes[start + 4] !== 0 || bytes[start + 5] !== 1) return SCAN_FORMERR;
  const end = start + length;
  const base = start + HEADER_LENGTH;
  const { folded, labelStart, prefixHash } = scan;

  let at = base;
  let out = 0;
  let labels = 0;
  let hash = FNV_OFFSET;
  for (;;) {
    if (at >= end) return SCAN_FORMERR;
    const labelLength = bytes[at]!;
    labelStart[labels] = out;
    prefixHash[labels] = hash;
    folded[out] = labelLength;
    at += 1;
    out += 1;
    if (labelLength === 0) break;
    if (labelLength > 63 || out + labelLength >= MAX_NAME || at + labelLength >= end) {
      return SCAN_FORMERR;
    }
    hash = Math.imul(hash ^ labelLength, FNV_PRIME);
    labels += 1;
    for (const labelEnd = at + labelLength; at < labelEnd; at += 1) {
      let octet = bytes[at]!;
      if (octet >= 0x41 && octet <= 0x5a) octet |= 0x20;
      folded[out] = octet;
      out += 1;
      hash = Math.imul(hash ^ octet, FNV_PRIME);
    }
  }
  if (at + 4 > end) return SCAN_FORMERR;
  scan.qnameLength = out;
  scan.labelCount = labels;
  scan.qtype = (bytes[at]! << 8) | bytes[at + 1]!;
  scan.qclass = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  at += 4;
  scan.questionEnd = at - start;
  scan.hasEdns = false;
  scan.hasOtherRecords = false;
  const answers = (bytes[start + 6]! << 8) | bytes[start + 7]!;
  const authorities = (bytes[start + 8]! << 8) | bytes[start + 9]!;
  const additionals = (bytes[start + 10]! << 8) | bytes[start + 11]!;
  if ((answers | authorities | additionals) === 0) return SCAN_OK;
  // a query carries no answer; an IXFR has one SOA in authority (RFC 1995 §3), OPT and TSIG are additional
  if (answers > 0 || authorities > 1 || additionals > 2) return SCAN_FORMERR;
  return scanRecords(bytes, at, end, authorities, additionals, scan);
}

/** Walks the records behind the question and takes the OPT record's fixed part (RFC 6891 §6.1). */
function scanRecords(
  bytes: Uint8Array,
  from: number,
  end: number,
  authorities: number,
  additionals: number,
  scan: QueryScan,
): ScanResult {
  let at = from;
  const records = authorities + additionals;
  for (let i = 0; i < records; i++) {
    const owner = at;
    for (;;) {
      if (at >= end) return SCAN_FORMERR_QUESTION;
      const octet = bytes[at]!;
      if (octet === 0) {
        at += 1;
        break;
      }
      if (octet >= 0xc0) {
        at += 2;
        break;
      }
      if (octet > 63) return SCAN_FORMERR_QUESTION;
      at += octet + 1;
      if (at - owner > MAX_NAME) return SCAN_FORMERR_QUESTION;
    }
    if (at + 10 > end) return SCAN_FORMERR_QUESTION;
    const type = (bytes[at]! << 8) | bytes[at + 1]!;
    const dataLength = (bytes[at + 8]! << 8) | bytes[at + 9]!;
    if (at + 10 + dataLength > end) return SCAN_FORMERR_QUESTION;
    if (type === TYPE_OPT) {
      if (i < authorities || scan.hasEdns || at - owner !== 1) return SCAN_FORMERR_QUESTION;
      scan.hasEdns = true;
      scan.udpSize = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      scan.ednsVersion = bytes[at + 5]!;
      scan.dnssecOk = (bytes[at + 6]! & 0x80) !== 0;
      scan.hasEdnsOptions = dataLength > 0;
      if (dataLength > 0 && !areOptions(bytes, at + 10, dataLength)) return SCAN_FORMERR_QUESTION;
    } else {
      scan.hasOtherRecords = true;
    }
    at += 10 + dataLength;
  }
  // octets behind the last record are tolerated, as other servers do
  return SCAN_OK;
}

/** Whether `length` octets are whole EDNS options, code and length in front of each (RFC 6891 §6.1.2). */
function areOptions(bytes: Uint8Array, from: number, length: number): boolean {
  let at = from;
  const end = from + length;
  while (at + 4 <= end) at += 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  return at === end;
}
