/**
 * The fast half of an Answerer: one listener's queries answered from finished octets.
 *
 * Order of checks: scan, EDNS version, class, special types, the cut that owns the name, the table.
 * Whatever needs anything but a table is handed to the chain.
 */
import { ASK_CHAIN, NO_REPLY } from '../listen/answerer.js';
import { OPT_LENGTH } from '../wire/header.js';
import {
  HASH_START,
  hashOctet,
  QueryScan,
  SCAN_FORMERR_QUESTION,
  SCAN_NOTIMP,
  SCAN_OK,
  SCAN_SILENT,
  scanQuery,
} from '../wire/query-scan.js';
import {
  type AnswerTally,
  SLOW_CLASS,
  SLOW_EXTRA_RECORDS,
  SLOW_FALLTHROUGH,
  SLOW_NOT_READY,
  SLOW_OTHER_ZONE,
  SLOW_OUTSIDE_TARGET,
  SLOW_POD_ADDRESS,
  SLOW_SEARCH_PATH,
  SLOW_TYPE,
  type SlowPathReason,
} from './answer-tally.js';
import { parseDashedIpv4 } from './dashed-ipv4.js';
import {
  ANSWER_ASK_CHAIN,
  ANSWER_FLAGS,
  ANSWER_NXDOMAIN,
  ANSWER_WITH_SOA,
  ENTRY_ANSWERS,
  ENTRY_FLAGS,
  ENTRY_KEY,
  ENTRY_KEY_LENGTH,
  FLAG_PODS_INSECURE,
  FLAG_PODS_VERIFIED,
  FLAG_SHORT,
  TYPE_OTHER,
} from './layout.js';
import {
  type Rotation,
  replyLimit,
  writeAnswer,
  writeHead,
  writeHeaderOnly,
  writeOpt,
  writeSoa,
} from './reply.js';
import type { ServedZone } from './served-zone.js';
import { findCut, type ZoneCut } from './zone-cuts.js';

const NOERROR = 0;
const FORMERR = 1;
const NXDOMAIN = 3;
const NOTIMP = 4;
/** BADVERS is 16: 0 in the header, 1 in OPT (RFC 6891 §6.1.3). */
const BADVERS_UPPER = 1;
const BADVERS = 16;

const TYPE_A = 1;
const TYPE_SOA = 6;
const TYPE_OPT = 41;
const TYPE_IXFR = 251;
const TYPE_AXFR = 252;
const TYPE_ANY = 255;
const CLASS_IN = 1;
const UNDERSCORE = 0x5f;

/** The name is not in the table and goes on to the next directive. */
const FELL_THROUGH = -2;

const NO_SUFFIX = new Uint8Array(0);
/** `svc` as a label: what a short name leaves out in front of the zone. */
const SVC_SUFFIX = Uint8Array.from([3, 0x73, 0x76, 0x63]);
const POD_LABEL = Uint8Array.from([3, 0x70, 0x6f, 0x64]);

/** What a listener's fast half is made of. */
export interface FastAnswererOptions {
  /** Longest apex first (more labels first). */
  readonly cuts: readonly ZoneCut[];
  readonly isDatagram: boolean;
  /** The largest datagram that is sent, and the size that OPT announces: 512..4096. */
  readonly udpLimit: number;
  readonly rotation: Rotation;
  /** Counts of what was answered; undefined where nobody counts. */
  readonly tally?: AnswerTally;
}

/** Answers from tables; one object per listener and thread. */
export class FastAnswerer {
  readonly #scan = new QueryScan();
  readonly #ipv4 = new Uint8Array(4);
  readonly #options: FastAnswererOptions;
  #cuts: readonly ZoneCut[];

  constructor(options: FastAnswererOptions) {
    this.#options = options;
    this.#cuts = options.cuts;
  }

  /** Takes other cuts from the next query on. */
  setCuts(cuts: readonly ZoneCut[]): void {
    this.#cuts = cuts;
  }

  /** As `Answerer.answer` (listen/answerer.ts). */
  answer(
    query: Uint8Array,
    start: number,
    length: number,
    out: Uint8Array,
    outStart: number,
    capacity: number,
  ): number {
    const scan = this.#scan;
    const result = scanQuery(query, start, length, scan);
    if (result === SCAN_SILENT) return NO_REPLY;
    this.#options.tally?.arrived(length);
    if (result !== SCAN_OK) {
      const rcode = result === SCAN_NOTIMP ? NOTIMP : FORMERR;
      const isWhole = result === SCAN_FORMERR_QUESTION;
      const octets = isWhole
        ? writeHead(query, start, scan, out, outStart, rcode, false) - outStart
        : writeHeaderOnly(query, start, out, outStart, rcode);
      return this.#refuse(rcode, octets);
    }
    if (scan.hasEdns && scan.ednsVersion !== 0) {
      const at = writeHead(query, start, scan, out, outStart, 0, false);
      const { udpLimit } = this.#options;
      const end = writeOpt(out, outStart, at, scan, udpLimit, BADVERS_UPPER);
      return this.#refuse(BADVERS, end - outStart);
    }
    const { qtype } = scan;
    if (scan.qclass !== CLASS_IN) return this.#pass(SLOW_CLASS);
    if (scan.hasOtherRecords) return this.#pass(SLOW_EXTRA_RECORDS);
    if (qtype === TYPE_AXFR || qtype === TYPE_IXFR || qtype === TYPE_OPT) {
      return this.#pass(SLOW_TYPE);
    }
    const cut = findCut(this.#cuts, scan);
    if (cut === undefined) return this.#pass(SLOW_OTHER_ZONE);
    const { zone } = cut;
    if (zone === undefined) {
      if (cut.shortZone !== undefined) {
        const octets = this.#answerShort(cut.shortZone, query, start, out, outStart, capacity);
        if (octets !== FELL_THROUGH) return octets;
      }
      return this.#answerCached(cut, query, start, out, outStart, capacity);
    }
    const { reader } = zone;
    if (!reader.isReady()) return this.#pass(SLOW_NOT_READY);
    reader.enter();
    const octets = this.#answerIn(zone, query, start, out, outStart, capacity);
    reader.leave();
    if (octets !== FELL_THROUGH) return octets;
    return this.#answerCached(cut, query, start, out, outStart, capacity);
  }

  /** What the chain answered earlier, where the block keeps that. */
  #answerCached(
    cut: ZoneCut,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    outStart: number,
    capacity: number,
  ): number {
    const reason = cut.zone === undefined ? SLOW_OTHER_ZONE : SLOW_FALLTHROUGH;
    if (cut.cache === undefined) return this.#pass(reason);
    const scan = this.#scan;
    const { isDatagram, udpLimit, tally } = this.#options;
    const limit =
      replyLimit(scan, isDatagram, udpLimit, capacity) - (scan.hasEdns ? OPT_LENGTH : 0);
    const octets = cut.cache.answer(scan, query, start, out, outStart, limit);
    if (octets === 0) return this.#pass(reason);
    const at = outStart + octets;
    const end = scan.hasEdns ? writeOpt(out, outStart, at, scan, udpLimit, 0) : at;
    tally?.cached?.(scan, out[outStart + 3]! & 0x0f, end - outStart);
    return end - outStart;
  }

  /** A name inside a served zone. */
  #answerIn(
    zone: ServedZone,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    outStart: number,
    capacity: number,
  ): number {
    const scan = this.#scan;
    const keyLength = scan.qnameLength - zone.keyTail;
    const keyLabels =
      zone.description.kind === 'forward' ? scan.labelCount - zone.apexLabels : scan.labelCount - 1;
    const hash = scan.prefixHash[keyLabels]!;
    const entry = zone.reader.find(hash, scan.folded, 0, keyLength, NO_SUFFIX);
    if (entry !== 0) {
      if (scan.qtype === TYPE_SOA && scan.labelCount === zone.apexLabels) {
        return this.#writeApexSoa(zone, query, start, out, outStart, capacity);
      }
      return this.#answerEntry(zone, entry, false, query, start, out, outStart, capacity);
    }
    if (this.#isBelowPods(keyLabels, zone)) {
      const octets = this.#answerPod(zone, keyLength, query, start, out, outStart, capacity);
      if (octets !== NO_REPLY) return octets;
    }
    if (zone.description.fallthrough) return FELL_THROUGH;
    // `X.b.svc.<zone>` with dots in X is what a pod asks first for an outside name (search_path outside)
    if (zone.description.searchOutside && keyLabels > 3) return this.#pass(SLOW_SEARCH_PATH);
    return this.#writeNegative(zone, NXDOMAIN, false, query, start, out, outStart, capacity);
  }

  /** `<service>.<namespace>.` and `_<port>._<proto>.<service>.<namespace>.` (search_path). */
  #answerShort(
    zone: ServedZone,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    outStart: number,
    capacity: number,
  ): number {
    const scan = this.#scan;
    const { labelCount, folded, labelStart } = scan;
    const isService = labelCount === 2;
    const isPort =
      labelCount === 4 && folded[1] === UNDERSCORE && folded[labelStart[1]! + 1] === UNDERSCORE;
    if (!isService && !isPort) return FELL_THROUGH;
    const { reader } = zone;
    if (!reader.isReady()) return FELL_THROUGH;
    let hash = scan.prefixHash[labelCount]!;
    for (let i = 0; i < SVC_SUFFIX.length; i++) hash = hashOctet(hash, SVC_SUFFIX[i]!);
    reader.enter();
    const entry = reader.find(hash, folded, 0, scan.qnameLength - 1, SVC_SUFFIX);
    const octets =
      entry === 0 || (reader.octets[entry + ENTRY_FLAGS]! & FLAG_SHORT) === 0
        ? FELL_THROUGH
        : this.#answerEntry(zone, entry, true, query, start, out, outStart, capacity);
    reader.leave();
    return octets;
  }

  /** What an existing name answers for the asked type. */
  #answerEntry(
    zone: ServedZone,
    entry: number,
    short: boolean,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    outStart: number,
    capacity: number,
  ): number {
    const scan = this.#scan;
    const { isDatagram, udpLimit, rotation } = this.#options;
    const { reader } = zone;
    const answer = findAnswer(zone, entry, scan.qtype);
    if (answer === 0) {
      return this.#writeNegative(zone, NOERROR, short, query, start, out, outStart, capacity);
    }
    const flags = reader.halves[(answer + ANSWER_FLAGS) >> 1]!;
    if ((flags & ANSWER_ASK_CHAIN) !== 0) return this.#pass(SLOW_OUTSIDE_TARGET);
    const rcode = (flags & ANSWER_NXDOMAIN) !== 0 ? NXDOMAIN : NOERROR;
    const limit =
      replyLimit(scan, isDatagram, udpLimit, capacity) - (scan.hasEdns ? OPT_LENGTH : 0);
    let at = writeHead(query, start, scan, out, outStart, rcode, true);
    at = writeAnswer(reader, answer, rotation, out, outStart, at, limit);
    if ((flags & ANSWER_WITH_SOA) !== 0) at = this.#writeZoneSoa(zone, short, out, outStart, at, 8);
    return this.#finish(zone, rcode, out, outStart, at);
  }

  /** NODATA or NXDOMAIN with the zone's SOA (RFC 2308 §2). */
  #writeNegative(
    zone: ServedZone,
    rcode: number,
    short: boolean,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    outStart: number,
    _capacity: number,
  ): number {
    let at = writeHead(query, start, this.#scan, out, outStart, rcode, true);
    at = this.#writeZoneSoa(zone, short, out, outStart, at, 8);
    return this.#finish(zone, rcode, out, outStart, at);
  }

  #writeApexSoa(
    zone: ServedZone,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    outStart: number,
    _capacity: number,
  ): number {
    let at = writeHead(query, start, this.#scan, out, outStart, NOERROR, true);
    at = this.#writeZoneSoa(zone, false, out, outStart, at, 6);
    return this.#finish(zone, NOERROR, out, outStart, at);
  }

  #writeZoneSoa(
    zone: ServedZone,
    short: boolean,
    out: Uint8Array,
    outStart: number,
    at: number,
    countAt: number,
  ): number {
    const template = short ? zone.shortSoa : zone.soa;
    const apexAt = 12 + this.#scan.qnameLength - zone.apex.length;
    return writeSoa(template, zone.reader.serial(), apexAt, out, outStart, at, countAt);
  }

  /** OPT where the query had one, and the reply's length. */
  #finish(zone: ServedZone, rcode: number, out: Uint8Array, outStart: number, at: number): number {
    const scan = this.#scan;
    const end = scan.hasEdns ? writeOpt(out, outStart, at, scan, this.#options.udpLimit, 0) : at;
    this.#options.tally?.answered(zone, scan, rcode, end - outStart);
    return end - outStart;
  }

  /** An answer that needs no zone. */
  #refuse(rcode: number, octets: number): number {
    this.#options.tally?.refused(rcode, octets);
    return octets;
  }

  #pass(reason: SlowPathReason): number {
    this.#options.tally?.passed(reason);
    return ASK_CHAIN;
  }

  /** Whether the name is `<label>.<namespace>.pod` in the zone. */
  #isBelowPods(keyLabels: number, zone: ServedZone): boolean {
    if (keyLabels !== 3 || zone.description.kind !== 'forward') return false;
    const { folded, labelStart } = this.#scan;
    const from = labelStart[2]!;
    for (let i = 0; i < POD_LABEL.length; i++) if (folded[from + i] !== POD_LABEL[i]) return false;
    return true;
  }

  /** A pod name that is read as an address (`pods insecure`); NO_REPLY when there is no such name. */
  #answerPod(
    zone: ServedZone,
    keyLength: number,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    outStart: number,
    capacity: number,
  ): number {
    const { folded, labelStart, qtype } = this.#scan;
    const { reader } = zone;
    const from = labelStart[1]!;
    let hash = HASH_START;
    for (let i = from; i < keyLength; i++) hash = hashOctet(hash, folded[i]!);
    const parent = reader.find(hash, folded, from, keyLength - from, NO_SUFFIX);
    if (parent === 0) return NO_REPLY;
    const flags = reader.octets[parent + ENTRY_FLAGS]!;
    const isIpv4 = parseDashedIpv4(folded, 1, folded[0]!, this.#ipv4);
    // IPv6 has many spellings: the chain reads them
    if (!isIpv4) {
      return couldBeIpv6(folded, 1, folded[0]!) ? this.#pass(SLOW_POD_ADDRESS) : NO_REPLY;
    }
    if ((flags & FLAG_PODS_VERIFIED) !== 0 || (flags & FLAG_PODS_INSECURE) === 0) return NO_REPLY;
    if (qtype !== TYPE_A && qtype !== TYPE_ANY) {
      return this.#writeNegative(zone, NOERROR, false, query, start, out, outStart, capacity);
    }
    const at = writeHead(query, start, this.#scan, out, outStart, NOERROR, true);
    const end = this.#writePodAddress(zone, out, at);
    out[outStart + 7] = 1;
    return this.#finish(zone, NOERROR, out, outStart, end);
  }

  #writePodAddress(zone: ServedZone, out: Uint8Array, at: number): number {
    const ttl = zone.description.ttlSeconds;
    out[at] = 0xc0;
    out[at + 1] = 0x0c;
    out[at + 2] = 0;
    out[at + 3] = TYPE_A;
    out[at + 4] = 0;
    out[at + 5] = CLASS_IN;
    out[at + 6] = 0;
    out[at + 7] = 0;
    out[at + 8] = ttl >> 8;
    out[at + 9] = ttl;
    out[at + 10] = 0;
    out[at + 11] = 4;
    for (let i = 0; i < 4; i++) out[at + 12 + i] = this.#ipv4[i]!;
    return at + 16;
  }
}

/** The answer for a type in an entry's directory: its own, or the one for every other type, or 0. */
function findAnswer(zone: ServedZone, entry: number, qtype: number): number {
  const { octets, halves, words } = zone.reader;
  const count = octets[entry + ENTRY_ANSWERS]!;
  const directory = entry + ((ENTRY_KEY + octets[entry + ENTRY_KEY_LENGTH]! + 3) & ~3);
  for (let i = 0; i < count; i++) {
    const slot = directory + i * 8;
    const type = halves[slot >> 1]!;
    // ANY gets one of the RRsets (RFC 8482 §4.1)
    if (type === qtype || type === TYPE_OTHER || qtype === TYPE_ANY) {
      return entry + words[(slot + 4) >> 2]!;
    }
  }
  return 0;
}

/** Hexadecimal digits and at least two dashes: worth a closer look by the chain. */
function couldBeIpv6(bytes: Uint8Array, from: number, length: number): boolean {
  let dashes = 0;
  for (let i = from; i < from + length; i++) {
    const octet = bytes[i]!;
    if (octet === 0x2d) dashes += 1;
    else if (!((octet >= 0x30 && octet <= 0x39) || (octet >= 0x61 && octet <= 0x66))) return false;
  }
  return dashes >= 2;
}
