/**
 * The two caches of a server block, positive and negative answers: a question is in one of them.
 *
 * {@link AnswerCache.lookup} and {@link AnswerCache.write} are the door of the hot path: a data worker
 * that scanned a query may answer from here before the chain is entered, when the block's plan says that
 * no directive in front of the cache has to see the query and the name is not in a zone of ours.
 */

import { RCODE } from '../../dns/rcode.js';
import { RCODE_MASK } from '../../wire/header.js';
import { hashOctets } from '../../wire/query-scan.js';
import { type NameBuffer, nameBuffer } from '../../wire/wire-name.js';
import {
  ByteCache,
  CACHE_MISS,
  CACHE_NEEDS_HANDLER,
  KEY_CD,
  KEY_DO,
  questionHash,
} from './byte-cache.js';
import type { CacheOptions } from './options.js';
import { type AnswerKind, type StoredAnswer, storedAnswer, storedError } from './stored-answer.js';

/** Octets that an entry may take on average before the bound of octets bites before that of entries. */
const BYTES_PER_ENTRY = 1_024;
const MIN_BYTES = 1 << 20;

/** A question as the caches know it. */
export interface CacheKey {
  /** Wire form, lower case. */
  readonly qname: Uint8Array;
  readonly qtype: number;
  readonly qclass: number;
  readonly flags: number;
  readonly hash: number;
}

/** The key of a question. `qname` is wire form in lower case. */
export function cacheKey(
  qname: Uint8Array,
  qtype: number,
  qclass: number,
  dnssecOk: boolean,
  checkingDisabled: boolean,
): CacheKey {
  const flags = (dnssecOk ? KEY_DO : 0) | (checkingDisabled ? KEY_CD : 0);
  const hash = questionHash(hashOctets(qname, 0, qname.length - 1), qtype, qclass, flags);
  return { qname, qtype, qclass, flags, hash };
}

/** Where a question was found. */
export interface Found {
  readonly kind: AnswerKind;
  readonly cache: ByteCache;
  readonly slot: number;
  readonly fresh: boolean;
}

export interface AnswerCacheEvents {
  readonly onEvict: (kind: AnswerKind) => void;
  /** The number of entries of a kind changed by so many. */
  readonly onSize: (kind: AnswerKind, by: number) => void;
}

export class AnswerCache {
  readonly #success: ByteCache;
  readonly #denial: ByteCache;
  readonly #options: CacheOptions;
  readonly #events: AnswerCacheEvents;
  readonly #scratch: NameBuffer = nameBuffer();

  constructor(options: CacheOptions, events: AnswerCacheEvents) {
    this.#options = options;
    this.#events = events;
    const made = (kind: AnswerKind): ByteCache =>
      new ByteCache({
        capacity: options[kind].capacity,
        maxBytes: Math.max(MIN_BYTES, options[kind].capacity * BYTES_PER_ENTRY),
        ...(options.prefetch === undefined ? {} : { prefetch: options.prefetch }),
        keepTtl: options.keepTtl,
        onEvict: () => events.onEvict(kind),
      });
    this.#success = made('success');
    this.#denial = made('denial');
  }

  /** Entries of both kinds. */
  get size(): number {
    return this.#success.size + this.#denial.size;
  }

  /** Octets of both kinds. */
  get bytes(): number {
    return this.#success.bytes + this.#denial.bytes;
  }

  /**
   * For the hot path: a handle (0 or more) of a fresh answer for {@link write}, good until the next turn
   * of the event loop; {@link CACHE_MISS} or {@link CACHE_NEEDS_HANDLER} (both: enter the chain).
   * Allocates nothing. Parameters as in {@link ByteCache.lookup}; SERVFAIL is left to the handler.
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
    const positive = this.#success.lookup(folded, qnameLength, qtype, qclass, flags, hash, now);
    if (positive !== CACHE_MISS) return positive < 0 ? positive : positive * 2;
    const negative = this.#denial.lookup(folded, qnameLength, qtype, qclass, flags, hash, now);
    if (negative < 0) return negative;
    const rcode = this.#denial.rcode(negative);
    return rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN
      ? negative * 2 + 1
      : CACHE_NEEDS_HANDLER;
  }

  /** For the hot path: the reply to a query without OPT, see {@link ByteCache.write}; 0 when it does not fit. */
  write(
    handle: number,
    query: Uint8Array,
    start: number,
    questionEnd: number,
    now: number,
    out: Uint8Array,
    outStart: number,
    capacity: number,
  ): number {
    const cache = (handle & 1) === 0 ? this.#success : this.#denial;
    const slot = handle >> 1;
    return cache.write(slot, query, start, questionEnd, now, -1, out, outStart, capacity);
  }

  /** The answer to a question that may be given, fresh ones and positive ones first. */
  find(key: CacheKey, now: number): Found | undefined {
    const positive = this.#found('success', key, now);
    if (positive?.fresh === true || (positive && this.#options.stale.preferPositive)) {
      return positive;
    }
    const negative = this.#found('denial', key, now);
    return negative?.fresh === true ? negative : (positive ?? negative);
  }

  /**
   * Keeps an answer if it is one to be kept, of a kind that is allowed; true when it was kept and its TTLs
   * had to be changed for that.
   */
  store(
    key: CacheKey,
    bytes: Uint8Array,
    now: number,
    allowed: (kind: AnswerKind) => boolean,
  ): boolean {
    const stored = storedAnswer(bytes, keyBytes(key), this.#options, this.#scratch);
    if (stored === undefined || !allowed(stored.kind)) return false;
    this.#insert(key, stored, now);
    return stored.changed;
  }

  /** Keeps an error for some seconds. */
  storeError(key: CacheKey, rcode: number, seconds: number, now: number): void {
    const stored = storedError(rcode, keyBytes(key), seconds);
    if (stored !== undefined) this.#insert(key, stored, now);
  }

  #found(kind: AnswerKind, key: CacheKey, now: number): Found | undefined {
    const cache = this.#of(kind);
    const { qname, qtype, qclass, flags, hash } = key;
    const slot = cache.find(qname, qname.length, qtype, qclass, flags, hash);
    if (slot < 0 || !cache.isKept(slot, now)) return undefined;
    return { kind, cache, slot, fresh: cache.isFresh(slot, now) };
  }

  #insert(key: CacheKey, stored: StoredAnswer, now: number): void {
    const { kind, entry, lifeSeconds } = stored;
    const { stale } = this.#options;
    const rcode = (entry[3] ?? 0) & RCODE_MASK;
    const isError = rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN;
    this.#changing(kind, (cache) => {
      cache.insert(entry, key.hash, now, lifeSeconds, isError ? 0 : stale.keepSeconds);
    });
    // the other kind is superseded; an error says nothing about the name, and prefer_positive keeps the old good answer
    const other: AnswerKind = kind === 'success' ? 'denial' : 'success';
    if (other === 'denial' || (!isError && !stale.preferPositive)) this.#remove(other, key);
  }

  #remove(kind: AnswerKind, key: CacheKey): void {
    const { qname, qtype, qclass, flags, hash } = key;
    this.#changing(kind, (cache) => {
      const slot = cache.find(qname, qname.length, qtype, qclass, flags, hash);
      if (slot >= 0) cache.remove(slot);
    });
  }

  #changing(kind: AnswerKind, change: (cache: ByteCache) => void): void {
    const cache = this.#of(kind);
    const before = cache.size;
    change(cache);
    if (cache.size !== before) this.#events.onSize(kind, cache.size - before);
  }

  #of(kind: AnswerKind): ByteCache {
    return kind === 'success' ? this.#success : this.#denial;
  }
}

/** As stored-answer.ts lays it out. */
function keyBytes(key: CacheKey): Uint8Array {
  const { qname, qtype, qclass, flags } = key;
  const out = new Uint8Array(qname.length + 5);
  out.set(qname);
  const view = new DataView(out.buffer);
  view.setUint16(qname.length, qtype);
  view.setUint16(qname.length + 2, qclass);
  out[qname.length + 4] = flags;
  return out;
}
