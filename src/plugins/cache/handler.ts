/** The answering part of the cache directive: answers from what is kept, keeps what comes from behind it. */
import type { Handler, Next } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { type RecordsReply, type Reply, recordsReply } from '../../chain/reply.js';
import { isInZone, nameToWire } from '../../dns/name.js';
import { RCODE, rcodeName } from '../../dns/rcode.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { extendedErrorOption, optBytes } from '../../wire/edns.js';
import { HEADER_LENGTH, RCODE_MASK } from '../../wire/header.js';
import { encodeMessage, message } from '../../wire/message.js';
import { wireNameLength } from '../../wire/wire-name.js';
import { type Clock, systemClock } from '../forward/clock.js';
import type { DataEnvironment } from '../plugin.js';
import { AnswerCache, type CacheKey, cacheKey, type Found } from './answer-cache.js';
import { CACHE_METRICS } from './metrics.js';
import type { CacheOptions } from './options.js';
import type { AnswerKind } from './stored-answer.js';

/** Our own failure to reach anybody is kept only this long: upstreams may be back at once (RFC 9520 §3.2: at least 1 s). */
const OWN_FAILURE_SECONDS = 1;
/** Extended DNS errors (RFC 8914 §4). */
const EDE_STALE_ANSWER = 3;
const EDE_CACHED_ERROR = 13;
const EDE_STALE_NXDOMAIN = 19;

type MetricLabels = Readonly<Record<string, string>>;

export class CacheHandler implements Handler {
  readonly name = 'cache';
  /** What is kept; also the hot path's door, see answer-cache.ts. */
  readonly answers: AnswerCache;
  readonly #options: CacheOptions;
  readonly #environment: DataEnvironment;
  readonly #clock: Clock;
  /** Labels of metrics by listener, made once. */
  readonly #labels = new Map<string, Readonly<Record<AnswerKind | 'plain', MetricLabels>>>();
  /** Questions that are being asked anew although an answer is kept, by their key. */
  readonly #refreshes = new Map<string, Promise<Reply>>();

  constructor(options: CacheOptions, environment: DataEnvironment, clock?: Clock) {
    this.#options = options;
    this.#environment = environment;
    this.#clock = clock ?? systemClock(() => environment.now());
    const server = ownLabel(environment);
    this.answers = new AnswerCache(options, {
      onEvict: (kind) => this.#count(CACHE_METRICS.evictions, server, kind),
      onSize: (kind, by) => this.#count(CACHE_METRICS.entries, server, kind, by),
    });
  }

  /** Whole seconds of the clock that {@link answers} goes by. */
  now(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }

  /** Whether a name is the cache's business at all; the hot path asks nothing else of the options. */
  covers(key: string): boolean {
    if (!this.#options.zones.some((zone) => isInZone(key, zone))) return false;
    return !this.#environment.ownsName(key);
  }

  /** Counts an answer that the hot path gave from {@link answers} by this handle. */
  countFastHit(server: string, handle: number): void {
    this.#count(CACHE_METRICS.requests, server);
    this.#count(CACHE_METRICS.hits, server, (handle & 1) === 0 ? 'success' : 'denial');
  }

  /** Whether the hot path may answer names of a zone: nothing of it is switched off or another's. */
  coversZone(zone: string): boolean {
    return (
      this.#options.zones.some((own) => isInZone(zone, own)) &&
      !this.#isDisabled('success', zone) &&
      !this.#isDisabled('denial', zone)
    );
  }

  async handle(query: Query, next: Next): Promise<Reply> {
    if (isTransfer(query) || !this.covers(query.key)) return next(query);
    const { server } = query.client;
    this.#count(CACHE_METRICS.requests, server);
    const key = keyOf(query);
    const now = this.now();
    const found = this.answers.find(key, now);
    if (found === undefined || this.#isDisabled(found.kind, query.key)) {
      this.#count(CACHE_METRICS.misses, server);
      query.trace?.step('cache', 'miss');
      const reply = await next(query);
      return this.#keep(query, key, reply);
    }
    if (!found.fresh) return this.#stale(query, key, found, next);
    return this.#hit(query, key, found, next);
  }

  /** A fresh answer; a popular one near its end is fetched anew in the background. */
  #hit(query: Query, key: CacheKey, found: Found, next: Next): Reply {
    const { cache, slot, kind } = found;
    const now = this.now();
    const { qname, qtype, qclass, flags, hash } = key;
    cache.lookup(qname, qname.length, qtype, qclass, flags, hash, now); // counts the use
    this.#count(CACHE_METRICS.hits, query.client.server, kind);
    query.trace?.step('cache', 'hit', { kind, ageSeconds: now - cache.storedAt(slot) });
    const reply = this.#replyFrom(query, found, now);
    if (cache.isPrefetchDue(slot, now)) {
      cache.setRefreshing(slot, true);
      this.#count(CACHE_METRICS.prefetch, query.client.server);
      void this.#refresh(query, key, next).then(() => this.#endRefresh(key));
    }
    return reply;
  }

  /** An expired answer: given at once, or when no fresh one comes in time (RFC 8767 §5). */
  async #stale(query: Query, key: CacheKey, found: Found, next: Next): Promise<Reply> {
    const { waitMs } = this.#options.stale;
    const now = this.now();
    // made now: the slot may be another's after the wait
    const stale = this.#replyFrom(query, found, now, this.#options.stale.ttl);
    const known = found.cache.hasFailed(found.slot, now);
    const fresh = known ? undefined : this.#refresh(query, key, next);
    if (fresh !== undefined && waitMs > 0) {
      const reply = await this.#within(fresh, waitMs);
      if (reply !== undefined && !isFailure(reply) && !this.#outweighs(found, reply)) return reply;
    }
    this.#count(CACHE_METRICS.servedStale, query.client.server);
    query.trace?.step('cache', 'stale answer', {
      ageSeconds: now - found.cache.storedAt(found.slot),
    });
    return stale;
  }

  /** Under prefer_positive an old answer with data goes before a new one without. */
  #outweighs(found: Found, reply: Reply): boolean {
    if (!this.#options.stale.preferPositive || found.kind !== 'success') return false;
    return reply.kind === 'records'
      ? reply.answer.length === 0
      : reply.kind === 'bytes' && ((reply.bytes[6] ?? 0) | (reply.bytes[7] ?? 0)) === 0;
  }

  /** Asks anew, once for all who want it; keeps what comes, or notes the failure with the old answer. */
  #refresh(query: Query, key: CacheKey, next: Next): Promise<Reply> {
    const id = `${key.qtype}/${key.qclass}/${key.flags}/${query.key}`;
    const running = this.#refreshes.get(id);
    if (running !== undefined) return running;
    const { trace: _, ...untraced } = query;
    const started = next(untraced)
      .catch(() => recordsReply(RCODE.SERVFAIL))
      .then((reply) => {
        const kept = isFailure(reply) ? reply : this.#keep(query, key, reply);
        this.#noteUnlessFresh(key);
        return kept;
      })
      .finally(() => this.#refreshes.delete(id));
    this.#refreshes.set(id, started);
    return started;
  }

  /** What is still expired after a refresh is not asked for again for a while. */
  #noteUnlessFresh(key: CacheKey): void {
    const now = this.now();
    const found = this.answers.find(key, now);
    if (found === undefined || found.fresh) return;
    found.cache.setFailed(found.slot, now + this.#options.stale.recheckSeconds);
  }

  #endRefresh(key: CacheKey): void {
    const found = this.answers.find(key, this.now());
    found?.cache.setRefreshing(found.slot, false);
  }

  /** The reply, or undefined when it takes longer; it goes on then. */
  #within(reply: Promise<Reply>, waitMs: number): Promise<Reply | undefined> {
    if (waitMs === Number.POSITIVE_INFINITY) return reply;
    return new Promise((resolve) => {
      const timer = this.#clock.after(waitMs, () => resolve(undefined));
      void reply.then((value) => {
        timer.cancel();
        resolve(value);
      });
    });
  }

  /** Keeps what is to be kept, and gives what the client is to get: the same, or with TTLs within bounds. */
  #keep(query: Query, key: CacheKey, reply: Reply): Reply {
    // without RD an upstream answers from what it happens to hold
    if (reply.kind === 'drop' || !query.recursionDesired) return reply;
    const now = this.now();
    if (reply.kind === 'records') return this.#keepRecords(query, key, reply, now);
    return this.#keepBytes(query, key, reply.bytes, now) ?? reply;
  }

  #keepBytes(query: Query, key: CacheKey, bytes: Uint8Array, now: number): Reply | undefined {
    const known = this.answers.find(key, now);
    // those who shared one question come here one after another with the same answer
    const isKept = known?.fresh === true && known.cache.storedAt(known.slot) === now;
    const allowed = (kind: AnswerKind): boolean => !this.#isDisabled(kind, query.key);
    if (!isKept && !this.answers.store(key, bytes, now, allowed)) return undefined;
    const kept = this.answers.find(key, now);
    return kept?.fresh === true ? this.#replyFrom(query, kept, now) : undefined;
  }

  /**
   * Records are kept unless they are authoritative: what the block's own zones answer (kubernetes, hosts,
   * file ...) is as cheap there as here, and must never be hidden by an older answer.
   */
  #keepRecords(query: Query, key: CacheKey, reply: RecordsReply, now: number): Reply {
    if (reply.authoritative || reply.truncated) return reply;
    if (reply.rcode === RCODE.SERVFAIL) {
      const seconds = Math.min(OWN_FAILURE_SECONDS, this.#options.servfailSeconds);
      const allowed = !this.#isDisabled('denial', query.key);
      if (allowed) this.answers.storeError(key, reply.rcode, seconds, now);
      return reply;
    }
    if (reply.rcode !== RCODE.NOERROR && reply.rcode !== RCODE.NXDOMAIN) return reply;
    const { qname, qtype, qclass } = query;
    const question = [{ qname, qtype, qclass }];
    const bytes = encodeMessage(message({ ...reply, id: 0, response: true, question }));
    return this.#keepBytes(query, key, bytes, now) ?? reply;
  }

  #isDisabled(kind: AnswerKind, name: string): boolean {
    const zones = kind === 'success' ? this.#options.disableSuccess : this.#options.disableDenial;
    return zones.some((zone) => isInZone(name, zone));
  }

  /** @param ttl for all records of a stale answer */
  #replyFrom(query: Query, found: Found, now: number, ttl = -1): Reply {
    const { cache, slot } = found;
    const rcode = cache.rcode(slot);
    if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) {
      const text = `${rcodeName(rcode)} of ${now - cache.storedAt(slot)} s ago`;
      return recordsReply(rcode, { extendedError: { code: EDE_CACHED_ERROR, text } });
    }
    const questionEnd = HEADER_LENGTH + wireNameLength(query.bytes, HEADER_LENGTH) + 4;
    const length = cache.replyLength(slot, questionEnd);
    const opt = ttl < 0 ? NOTHING : staleOpt(rcode, now - cache.storedAt(slot));
    const bytes = new Uint8Array(length + opt.length);
    cache.write(slot, query.bytes, 0, questionEnd, now, ttl, bytes, 0, length);
    bytes.set(opt, length);
    if (opt.length > 0) addAdditional(bytes);
    return { kind: 'bytes', bytes };
  }

  #count(metric: string, server: string, type?: AnswerKind, by?: number): void {
    let labels = this.#labels.get(server);
    if (labels === undefined) {
      const plain = { server, zones: this.#options.zones.join(','), view: '' };
      const success = { ...plain, type: 'success' };
      labels = { plain, success, denial: { ...plain, type: 'denial' } };
      this.#labels.set(server, labels);
    }
    this.#environment.count(metric, labels[type ?? 'plain'], by);
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** An OPT record that tells the asker of a stale answer; the writer keeps its error and makes the rest anew. */
function staleOpt(rcode: number, ageSeconds: number): Uint8Array {
  const code = rcode === RCODE.NXDOMAIN ? EDE_STALE_NXDOMAIN : EDE_STALE_ANSWER;
  const options = [extendedErrorOption(code, `${ageSeconds} s old, upstreams do not answer`)];
  return optBytes({ udpSize: 1_232, version: 0, dnssecOk: false, options }, 0);
}

function addAdditional(bytes: Uint8Array): void {
  const count = ((bytes[10] ?? 0) << 8) + (bytes[11] ?? 0) + 1;
  bytes[10] = count >> 8;
  bytes[11] = count & 0xff;
}

function keyOf(query: Query): CacheKey {
  const dnssecOk = query.edns?.dnssecOk === true;
  const { qtype, qclass, checkingDisabled } = query;
  return cacheKey(nameToWire(query.key), qtype, qclass, dnssecOk, checkingDisabled);
}

function isTransfer(query: Query): boolean {
  return query.qtype === RRTYPE.AXFR || query.qtype === RRTYPE.IXFR;
}

/** A reply that says nothing about the name: RFC 8767 §4 has stale data go before it. */
function isFailure(reply: Reply): boolean {
  if (reply.kind === 'drop') return false;
  const rcode = reply.kind === 'records' ? reply.rcode : (reply.bytes[3] ?? 0) & RCODE_MASK;
  return rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN;
}

/** The listener label of CoreDNS for metrics that no query causes. */
function ownLabel(environment: DataEnvironment): string {
  const address = environment.addresses[0];
  return `${address?.scheme ?? 'dns'}://:${address?.port ?? 53}`;
}
