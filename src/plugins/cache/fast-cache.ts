/** The cache as the hot path asks it: a hit is answered without entering the chain. */
import { CD } from '../../wire/header.js';
import type { QueryScan } from '../../wire/query-scan.js';
import type { CutCache } from '../../zone/zone-cuts.js';
import { KEY_CD, KEY_DO, questionHash } from './byte-cache.js';
import type { CacheHandler } from './handler.js';

/** What the hot path has to heed of the block around the cache. */
export interface FastCacheOptions {
  readonly cache: CacheHandler;
  /** The listener's label, for the metrics. */
  readonly server: string;
  /** Whether a directive in front shuffles address records: sets of several are left to the chain. */
  readonly shuffled: boolean;
}

/** Allocates nothing. */
export class FastCache implements CutCache {
  readonly #options: FastCacheOptions;

  constructor(options: FastCacheOptions) {
    this.#options = options;
  }

  answer(
    scan: QueryScan,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    outStart: number,
    limit: number,
  ): number {
    const { cache, server, shuffled } = this.#options;
    const flags = (scan.dnssecOk ? KEY_DO : 0) | ((query[start + 3]! & CD) !== 0 ? KEY_CD : 0);
    const { qtype, qclass, folded, qnameLength } = scan;
    const hash = questionHash(scan.prefixHash[scan.labelCount]!, qtype, qclass, flags);
    const now = cache.now();
    const { answers } = cache;
    const handle = answers.lookup(folded, qnameLength, qtype, qclass, flags, hash, now);
    if (handle < 0) return 0;
    const { questionEnd } = scan;
    const length = answers.write(handle, query, start, questionEnd, now, out, outStart, limit);
    if (length === 0) return 0;
    const records = (out[outStart + 6]! << 8) | out[outStart + 7]!;
    if (shuffled && records > 1) return 0;
    cache.countFastHit(server, handle);
    return length;
  }
}
