/**
 * A cache of finished answers, made to be asked on the hot path: {@link ByteCache.lookup} and
 * {@link ByteCache.write} allocate nothing, throw nothing and keep no reference to what they are given.
 *
 * Entries stand in sets of 16 that the question's hash chooses, and the least recently used of a set
 * makes room: so looking up and evicting cost the same at any size, and nobody can make a set longer by
 * choosing names. Besides the number of entries the sum of their octets is bounded.
 */
import { AD, CD, HEADER_LENGTH, QR, RD } from '../../wire/header.js';
import { hashOctet } from '../../wire/query-scan.js';
import { ENTRY_HEADER } from './stored-answer.js';

/** From {@link ByteCache.lookup}: nothing is known. */
export const CACHE_MISS = -1;
/** From {@link ByteCache.lookup}: something is known, but the handler has to deal with it (expired, to be fetched anew). */
export const CACHE_NEEDS_HANDLER = -2;

const WAYS = 16;
/** Octets that an entry costs besides its own: array object, backing store, its share of the columns. */
const OVERHEAD = 192;
const EMPTY: Uint8Array = new Uint8Array(0);

/** Bits of the last octet of a key. */
export const KEY_DO = 1;
export const KEY_CD = 2;

/** Continues the hash of a folded qname without its root octet (`QueryScan.prefixHash[labelCount]`) to that of the key. */
export function questionHash(
  nameHash: number,
  qtype: number,
  qclass: number,
  flags: number,
): number {
  let hash = hashOctet(nameHash, qtype & 0xff);
  hash = hashOctet(hash, qtype >> 8);
  hash = hashOctet(hash, qclass & 0xff);
  hash = hashOctet(hash, flags);
  // FNV's low bits are weak and sets are chosen by them
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return hash ^ (hash >>> 15);
}

/** When an entry becomes worth fetching anew before its end. */
export interface PrefetchRule {
  /** Hits without a longer gap than `windowSeconds`. */
  readonly amount: number;
  readonly windowSeconds: number;
  /** Of its life that is left, at least a second. */
  readonly percentage: number;
}

export interface ByteCacheOptions {
  readonly capacity: number;
  readonly maxBytes: number;
  readonly prefetch?: PrefetchRule;
  /** TTLs are not counted down. */
  readonly keepTtl: boolean;
  /** Told of each entry that made room for another. */
  readonly onEvict: () => void;
}

/** All times are whole seconds of one monotonic clock that starts at 0 or above. */
export class ByteCache {
  readonly #sets: number;
  readonly #maxBytes: number;
  readonly #keepTtl: boolean;
  readonly #onEvict: () => void;
  readonly #amount: number;
  readonly #window: number;
  readonly #percentage: number;
  readonly #entries: Uint8Array[];
  readonly #hash: Int32Array;
  readonly #storedAt: Uint32Array;
  readonly #freshUntil: Uint32Array;
  readonly #keptUntil: Uint32Array;
  readonly #failedUntil: Uint32Array;
  /** Not 32 bits: it counts lookups, of which there are four thousand million in a day. */
  readonly #usedAt: Float64Array;
  readonly #hitAt: Uint32Array;
  readonly #hits: Uint16Array;
  readonly #refreshing: Uint8Array;
  #clock = 0;
  #hand = 0;
  #size = 0;
  #bytes = 0;

  constructor(options: ByteCacheOptions) {
    this.#sets = Math.max(1, Math.ceil(options.capacity / WAYS));
    this.#maxBytes = options.maxBytes;
    this.#keepTtl = options.keepTtl;
    this.#onEvict = options.onEvict;
    this.#amount = options.prefetch?.amount ?? 0;
    this.#window = options.prefetch?.windowSeconds ?? 0;
    this.#percentage = options.prefetch?.percentage ?? 0;
    const slots = this.#sets * WAYS;
    this.#entries = new Array<Uint8Array>(slots).fill(EMPTY);
    this.#hash = new Int32Array(slots);
    this.#storedAt = new Uint32Array(slots);
    this.#freshUntil = new Uint32Array(slots);
    this.#keptUntil = new Uint32Array(slots);
    this.#failedUntil = new Uint32Array(slots);
    this.#usedAt = new Float64Array(slots);
    this.#hitAt = new Uint32Array(slots);
    this.#hits = new Uint16Array(slots);
    this.#refreshing = new Uint8Array(slots);
  }

  /** Entries kept, expired ones included. */
  get size(): number {
    return this.#size;
  }

  /** Octets kept, with an estimate of what each entry costs besides. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * A fresh answer's slot (0 or more), valid until the next {@link insert}; otherwise {@link CACHE_MISS}
   * or {@link CACHE_NEEDS_HANDLER}. Counts as a use.
   *
   * @param folded the qname in lower case, wire form, at its start (`QueryScan.folded`)
   * @param hash from {@link questionHash}
   */
  lookup(
    folded: Uint8Array,
    qnameLength: number,
    qtype: number,
    qclass: number,
    flags: number,
    hash: number,
    now: number,
  ): number {
    const slot = this.find(folded, qnameLength, qtype, qclass, flags, hash);
    if (slot < 0) return CACHE_MISS;
    if (now >= (this.#freshUntil[slot] ?? 0)) {
      return now >= (this.#keptUntil[slot] ?? 0) ? CACHE_MISS : CACHE_NEEDS_HANDLER;
    }
    this.#touch(slot, now);
    return this.isPrefetchDue(slot, now) ? CACHE_NEEDS_HANDLER : slot;
  }

  /** The slot of a question, fresh or not; -1 when there is none. Not a use. */
  find(
    folded: Uint8Array,
    qnameLength: number,
    qtype: number,
    qclass: number,
    flags: number,
    hash: number,
  ): number {
    const first = ((hash >>> 0) % this.#sets) * WAYS;
    for (let slot = first; slot < first + WAYS; slot++) {
      if (this.#hash[slot] !== hash) continue;
      const entry = this.#entries[slot] ?? EMPTY;
      if (isKey(entry, folded, qnameLength, qtype, qclass, flags)) return slot;
    }
    return CACHE_MISS;
  }

  /** Whether the answer is not expired. */
  isFresh(slot: number, now: number): boolean {
    return now < (this.#freshUntil[slot] ?? 0);
  }

  /** Whether the answer, expired or not, may still be given at all. */
  isKept(slot: number, now: number): boolean {
    return now < (this.#keptUntil[slot] ?? 0);
  }

  /** The second in which it was stored. */
  storedAt(slot: number): number {
    return this.#storedAt[slot] ?? 0;
  }

  /** Whether asking for it anew failed a short time ago. */
  hasFailed(slot: number, now: number): boolean {
    return now < (this.#failedUntil[slot] ?? 0);
  }

  /** It could not be had anew: nobody is to try before that second. */
  setFailed(slot: number, until: number): void {
    this.#failedUntil[slot] = until;
  }

  /** Whether it is popular and near its end, and nobody fetches it yet. */
  isPrefetchDue(slot: number, now: number): boolean {
    if (this.#amount === 0 || (this.#hits[slot] ?? 0) < this.#amount) return false;
    if (this.#refreshing[slot] === 1) return false;
    const end = this.#freshUntil[slot] ?? 0;
    const life = end - (this.#storedAt[slot] ?? 0);
    return end - now <= Math.max(1, (life * this.#percentage) / 100);
  }

  /** Marks that it is being fetched anew; {@link insert} ends that, or a call with false. */
  setRefreshing(slot: number, refreshing: boolean): void {
    this.#refreshing[slot] = refreshing ? 1 : 0;
  }

  /** The response code of an answer. */
  rcode(slot: number): number {
    return (this.#entries[slot]?.[3] ?? 0) & 0x0f;
  }

  /**
   * Writes the whole reply to a query, but without OPT (ARCOUNT does not count one): ID, RD, CD and the
   * question are the asker's, AD only where the asker set AD or DO, TTLs count down.
   *
   * @param query holds the asker's message at `start`; its question ends `questionEnd` octets further
   * @param ttl instead of the remaining times for every record (a stale answer); -1: none
   * @returns octets written; 0 when there are not `capacity` for it
   */
  write(
    slot: number,
    query: Uint8Array,
    start: number,
    questionEnd: number,
    now: number,
    ttl: number,
    out: Uint8Array,
    outStart: number,
    capacity: number,
  ): number {
    const entry = this.#entries[slot] ?? EMPTY;
    const keyLength = u16(entry, 0);
    const places = u16(entry, 10);
    const placesAt = ENTRY_HEADER + keyLength;
    const bodyAt = placesAt + 2 * places;
    const length = questionEnd + entry.length - bodyAt;
    if (entry.length === 0 || length > capacity) return 0;
    this.#writeHeader(entry, keyLength, query, start, out, outStart);
    for (let i = HEADER_LENGTH; i < questionEnd; i++) out[outStart + i] = query[start + i] ?? 0;
    const body = outStart + questionEnd - bodyAt;
    for (let i = bodyAt; i < entry.length; i++) out[body + i] = entry[i] ?? 0;
    if (ttl < 0 && this.#keepTtl) return length;
    const elapsed = now - (this.#storedAt[slot] ?? 0);
    for (let i = 0; i < places; i++) {
      const at = outStart + u16(entry, placesAt + 2 * i);
      let seconds = ttl;
      if (ttl < 0) {
        const stored = u16(out, at) * 0x1_0000 + u16(out, at + 2);
        seconds = stored > elapsed ? stored - elapsed : 0;
      }
      out[at] = seconds >>> 24;
      out[at + 1] = seconds >>> 16;
      out[at + 2] = seconds >>> 8;
      out[at + 3] = seconds;
    }
    return length;
  }

  /** Octets that {@link write} needs for a question of that length. */
  replyLength(slot: number, questionEnd: number): number {
    const entry = this.#entries[slot] ?? EMPTY;
    return questionEnd + entry.length - ENTRY_HEADER - u16(entry, 0) - 2 * u16(entry, 10);
  }

  /**
   * Keeps an entry (see stored-answer.ts), which becomes the cache's own, in place of one with the same key.
   *
   * @param lifeSeconds seconds that it is fresh
   * @param staleSeconds seconds behind that it is kept
   */
  insert(
    entry: Uint8Array,
    hash: number,
    now: number,
    lifeSeconds: number,
    staleSeconds: number,
  ): void {
    if (entry.length + OVERHEAD > this.#maxBytes) return;
    const slot = this.#slotFor(entry, hash, now);
    this.#release(slot);
    this.#entries[slot] = entry;
    this.#hash[slot] = hash;
    this.#storedAt[slot] = now;
    this.#freshUntil[slot] = now + lifeSeconds;
    this.#keptUntil[slot] = now + lifeSeconds + staleSeconds;
    this.#size += 1;
    this.#bytes += entry.length + OVERHEAD;
    this.#clock += 1;
    this.#usedAt[slot] = this.#clock;
    this.#shrink(slot);
  }

  /** Forgets an entry. */
  remove(slot: number): void {
    this.#release(slot);
  }

  #touch(slot: number, now: number): void {
    this.#clock += 1;
    this.#usedAt[slot] = this.#clock;
    if (this.#amount === 0) return;
    const gap = now - (this.#hitAt[slot] ?? 0);
    const hits = gap > this.#window ? 0 : (this.#hits[slot] ?? 0);
    this.#hits[slot] = Math.min(hits + 1, 0xffff);
    this.#hitAt[slot] = now;
  }

  #writeHeader(
    entry: Uint8Array,
    keyLength: number,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    at: number,
  ): void {
    const low = query[start + 3] ?? 0;
    const wantsAd = (low & AD) !== 0 || ((entry[ENTRY_HEADER + keyLength - 1] ?? 0) & KEY_DO) !== 0;
    out[at] = query[start] ?? 0;
    out[at + 1] = query[start + 1] ?? 0;
    out[at + 2] = QR | (entry[2] ?? 0) | ((query[start + 2] ?? 0) & RD);
    out[at + 3] = ((entry[3] ?? 0) & (wantsAd ? 0xff : ~AD)) | (low & CD);
    out[at + 4] = 0;
    out[at + 5] = 1;
    for (let i = 0; i < 6; i++) out[at + 6 + i] = entry[4 + i] ?? 0;
  }

  /** The slot of the same key, a free one, one that is past use, or the least recently used of the set. */
  #slotFor(entry: Uint8Array, hash: number, now: number): number {
    const first = ((hash >>> 0) % this.#sets) * WAYS;
    let victim = first;
    let oldest = Number.POSITIVE_INFINITY;
    for (let slot = first; slot < first + WAYS; slot++) {
      const other = this.#entries[slot] ?? EMPTY;
      if (this.#hash[slot] === hash && sameKey(other, entry)) return slot;
      const useless = other.length === 0 || now >= (this.#keptUntil[slot] ?? 0);
      const age = useless ? -1 : (this.#usedAt[slot] ?? 0);
      if (age < oldest) {
        oldest = age;
        victim = slot;
      }
    }
    if (oldest >= 0) this.#onEvict();
    return victim;
  }

  /** Takes entries away, one set after another, until the octets are within bounds. */
  #shrink(keep: number): void {
    while (this.#bytes > this.#maxBytes && this.#size > 1) {
      this.#hand = (this.#hand + 1) % this.#entries.length;
      if (this.#hand === keep || this.#entries[this.#hand] === EMPTY) continue;
      this.#release(this.#hand);
      this.#onEvict();
    }
  }

  #release(slot: number): void {
    const entry = this.#entries[slot] ?? EMPTY;
    if (entry.length > 0) {
      this.#size -= 1;
      this.#bytes -= entry.length + OVERHEAD;
    }
    this.#entries[slot] = EMPTY;
    this.#hash[slot] = 0;
    this.#freshUntil[slot] = 0;
    this.#keptUntil[slot] = 0;
    this.#failedUntil[slot] = 0;
    this.#hits[slot] = 0;
    this.#refreshing[slot] = 0;
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function isKey(
  entry: Uint8Array,
  folded: Uint8Array,
  qnameLength: number,
  qtype: number,
  qclass: number,
  flags: number,
): boolean {
  if (u16(entry, 0) !== qnameLength + 5 || entry.length === 0) return false;
  for (let i = 0; i < qnameLength; i++) {
    if (entry[ENTRY_HEADER + i] !== folded[i]) return false;
  }
  const at = ENTRY_HEADER + qnameLength;
  return u16(entry, at) === qtype && u16(entry, at + 2) === qclass && entry[at + 4] === flags;
}

function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  const length = u16(b, 0);
  if (u16(a, 0) !== length) return false;
  for (let i = ENTRY_HEADER; i < ENTRY_HEADER + length; i++) if (a[i] !== b[i]) return false;
  return true;
}
