/** The one writer of slow-path replies: what a handler gave back → the bytes that are sent. */
import { canonicalName } from '../dns/name.js';
import { RCODE, type Rcode } from '../dns/rcode.js';
import type { ResourceRecord } from '../dns/resource-record.js';
import { RRTYPE } from '../dns/rrtype.js';
import { EDNS_OPTION, extendedErrorOption, type OptOption } from '../wire/edns.js';
import { AA, AD, CD, HEADER_LENGTH, QR, RA, RD, TC } from '../wire/header.js';
import { decodeMessage } from '../wire/message.js';
import { MessageWriter, SECTION, type Section } from '../wire/message-writer.js';
import { wireNameLength } from '../wire/wire-name.js';
import { patchReply } from './bytes-patch.js';
import type { Query } from './query.js';
import { type BytesReply, type RecordsReply, recordsReply } from './reply.js';
import type { ReplyLimits } from './reply-limits.js';
import { replyOpt, wantsAuthenticData } from './reply-opt.js';

/**
 * The reply to a query, ready to be sent.
 *
 * ID, RD and CD are the query's; the question is echoed octet by octet, and owner names equal to the
 * qname take the letter case of the asker. There is an OPT record exactly when the query had one; it is
 * never cut. Answer records are cut from the end with TC=1; what is only helpful (additional records,
 * the authority section of a positive answer) is left out by whole RRsets without TC (RFC 2181 §9).
 */
export function writeReply(
  query: Query,
  reply: RecordsReply | BytesReply,
  limits: ReplyLimits,
): Uint8Array {
  if (reply.kind === 'records') return writeRecords(query, reply, limits, ownOptions(reply));
  const patched = patchReply(query, reply.bytes, limits);
  if (patched !== undefined) return patched;
  return rewrite(query, reply.bytes, limits);
}

/** A bytes reply that could not be patched: taken apart and written anew. */
function rewrite(query: Query, bytes: Uint8Array, limits: ReplyLimits): Uint8Array {
  const decoded = decodeMessage(bytes);
  if (decoded === undefined) return writeRecords(query, recordsReply(RCODE.SERVFAIL), limits, []);
  const reply: RecordsReply = { kind: 'records', ...decoded };
  const errors = decoded.edns?.options.filter((option) => option.code === EDNS_OPTION.EDE) ?? [];
  return writeRecords(query, reply, limits, errors);
}

function ownOptions({ extendedError, options = [] }: RecordsReply): readonly OptOption[] {
  if (extendedError === undefined) return options;
  return [...options, extendedErrorOption(extendedError.code, extendedError.text)];
}

function writeRecords(
  query: Query,
  reply: RecordsReply,
  limits: ReplyLimits,
  options: readonly OptOption[],
): Uint8Array {
  const composed = compose(query, reply, limits, options);
  // an explanation never costs a record
  if (composed.lost && options.length > 0) return compose(query, reply, limits, []).bytes;
  return composed.bytes;
}

interface Composed {
  readonly bytes: Uint8Array;
  /** Whether any record was left out. */
  readonly lost: boolean;
}

function compose(
  query: Query,
  reply: RecordsReply,
  limits: ReplyLimits,
  options: readonly OptOption[],
): Composed {
  const rcode = carriedRcode(query, reply.rcode);
  const opt = replyOpt(query, limits, options, rcode);
  const writer = new MessageWriter(limits.octets - opt.length);
  const questionEnd = HEADER_LENGTH + wireNameLength(query.bytes, HEADER_LENGTH) + 4;
  writer.question(query.bytes.subarray(HEADER_LENGTH, questionEnd));
  const cut = writeSections(writer, reply, ownerSpelling(query));
  if (opt.length > 0) {
    writer.grow(opt.length);
    writer.raw(SECTION.ADDITIONAL, opt);
  }
  const truncated = reply.truncated || cut === 'needed';
  writeReplyHeader(writer, query, { ...reply, truncated }, rcode);
  return { bytes: writer.finish(), lost: cut !== 'nothing' };
}

/** ID and flags: the query's, those of the reply, and TC. */
export function writeReplyHeader(
  writer: MessageWriter,
  query: Query,
  reply: RecordsReply,
  rcode: Rcode,
): void {
  writer.header(
    query.id,
    QR |
      (reply.authoritative ? AA : 0) |
      (reply.truncated ? TC : 0) |
      ((reply.recursionDesired ?? query.recursionDesired) ? RD : 0),
    (reply.recursionAvailable ? RA : 0) |
      (reply.authenticData && wantsAuthenticData(query) ? AD : 0) |
      (query.checkingDisabled ? CD : 0) |
      (rcode & 0x0f),
  );
}

/** An rcode above 15 has no place without an OPT record (RFC 6891 §6.1.3). */
function carriedRcode(query: Query, rcode: Rcode): Rcode {
  return rcode > 15 && query.edns === undefined ? RCODE.SERVFAIL : rcode;
}

/** What was left out: nothing, something helpful, or something that the reply needs (TC=1). */
type Cut = 'nothing' | 'helpful' | 'needed';

function writeSections(
  writer: MessageWriter,
  reply: RecordsReply,
  spell: (owner: string) => string,
): Cut {
  for (const record of reply.answer) {
    if (!writer.record(SECTION.ANSWER, record, spell(record.owner))) return 'needed';
  }
  const negative = reply.authority.some((record) => record.type === RRTYPE.SOA);
  const referral = reply.answer.length === 0 && !negative && reply.authority.length > 0;
  const sections: readonly [Section, readonly ResourceRecord[], boolean][] = [
    // a negative answer needs its SOA, a referral its NS
    [SECTION.AUTHORITY, reply.authority, negative || referral],
    // a referral needs its glue (RFC 9471 §3.1)
    [SECTION.ADDITIONAL, reply.additional, referral],
  ];
  for (const [section, records, needed] of sections) {
    if (!writeSets(writer, section, records, spell)) return needed ? 'needed' : 'helpful';
  }
  return 'nothing';
}

/** Writes RRset by RRset and stops in front of the first that does not fit; false then. */
function writeSets(
  writer: MessageWriter,
  section: Section,
  records: readonly ResourceRecord[],
  spell: (owner: string) => string,
): boolean {
  let mark = writer.mark();
  let written = 0;
  let previous: ResourceRecord | undefined;
  for (const record of records) {
    if (previous?.type !== record.type || previous.owner !== record.owner) {
      mark = writer.mark();
      written = 0;
    }
    if (!writer.record(section, record, spell(record.owner))) {
      writer.rollback(mark, section, written);
      return false;
    }
    written += 1;
    previous = record;
  }
  return true;
}

/** Gives owner names that equal the qname the letter case of the asker. */
function ownerSpelling(query: Query): (owner: string) => string {
  let last = query.qname;
  let spelled = query.qname;
  return (owner) => {
    if (owner !== last) {
      last = owner;
      spelled = canonicalName(owner) === query.key ? query.qname : owner;
    }
    return spelled;
  };
}
