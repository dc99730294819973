/** Counts what one listener answers, on the fast way and over the chain. */
import type { Client } from '../../chain/query.js';
import { isInZone, labelsOf, nameToWire } from '../../dns/name.js';
import { QueryScan, SCAN_FORMERR_QUESTION, SCAN_OK, scanQuery } from '../../wire/query-scan.js';
import {
  type AnswerTally,
  SLOW_PATH_REASONS,
  type SlowPathReason,
} from '../../zone/answer-tally.js';
import type { ServedZone } from '../../zone/served-zone.js';
import { findCut, type ZoneCut } from '../../zone/zone-cuts.js';
import { type AddressFamily, BlockTally } from './block-tally.js';
import { DNS_TIME_BUCKETS } from './buckets.js';
import { CLASS_OTHER, queryTypeClasses } from './query-type-class.js';
import { bucketOf, type ThreadSeries } from './thread-series.js';

/** The `zone` of queries that no server block owns. */
const DROPPED = 'dropped';

/**
 * One table answer in so many is timed and stands for those that follow: two looks at the clock cost
 * 100 ns, all that is counted 30 (measured, Node 20).
 */
const TIMED_EVERY = 64;

/** Tallies by the block's zone; none: the name is nobody's. */
type CutTallies = Map<ZoneCut | undefined, BlockTally>;

/** What a listener's tally is made of. */
export interface ListenerTallyOptions {
  readonly series: ThreadSeries;
  /** As CoreDNS labels a listener: `dns://:53`. */
  readonly server: string;
  readonly transport: Client['transport'];
  /** Where the listener is bound, an IP address; empty for all addresses. */
  readonly address: string;
  /** Canonical zones of the server blocks on this listener. */
  readonly zones: readonly string[];
  /** Monotonic milliseconds. */
  now(): number;
}

export class ListenerTally implements AnswerTally {
  readonly #options: ListenerTallyOptions;
  readonly #types = queryTypeClasses();
  readonly #scan = new QueryScan();
  /** Longest zone first, as `findCut` wants them. */
  readonly #cuts: readonly ZoneCut[];
  readonly #zoneOf: ReadonlyMap<ZoneCut | undefined, string>;
  readonly #chainTallies: CutTallies = new Map();
  readonly #cacheTallies: CutTallies = new Map();
  readonly #tableTallies = new Map<ServedZone, BlockTally>();
  readonly #refusals: BlockTally;
  readonly #slots: Float64Array;
  readonly #passed = new Int32Array(SLOW_PATH_REASONS.length).fill(-1);
  /** What table answers are counted as: a socket for both families can't tell without looking closer. */
  readonly #family: AddressFamily;
  #lastZone: ServedZone | undefined;
  #lastTally: BlockTally;
  #octets = 0;
  /** Answers until the next one is timed. */
  #untimed = 1;
  #startedAt = 0;
  #seconds = 0;
  #bucket = 0;

  constructor(options: ListenerTallyOptions) {
    this.#options = options;
    this.#slots = options.series.slots;
    this.#family = options.address.includes(':') ? 2 : 1;
    const zones = [...options.zones].sort((a, b) => labelsOf(b).length - labelsOf(a).length);
    this.#cuts = zones.map(blockCut);
    this.#zoneOf = new Map(this.#cuts.map((cut, i) => [cut, zones[i] ?? DROPPED]));
    this.#refusals = this.#tallyOf(DROPPED, '');
    this.#lastTally = this.#refusals;
  }

  arrived(octets: number): void {
    this.#octets = octets;
    if (this.#untimed <= 1) this.#startedAt = this.#options.now();
  }

  answered(zone: ServedZone, scan: QueryScan, rcode: number, octets: number): void {
    const tally = zone === this.#lastZone ? this.#lastTally : this.#tableTally(zone);
    this.#count(tally, scan, rcode, octets);
  }

  cached(scan: QueryScan, rcode: number, octets: number): void {
    const tally = this.#cutTally(this.#cacheTallies, findCut(this.#cuts, scan), 'cache');
    this.#count(tally, scan, rcode, octets);
  }

  refused(rcode: number, octets: number): void {
    this.#refusals.query(this.#family, CLASS_OTHER, this.#octets, false);
    this.#refusals.reply(rcode, octets);
    this.#refusals.took(this.#seconds, this.#bucket);
  }

  passed(reason: SlowPathReason): void {
    let slot = this.#passed[reason] ?? -1;
    if (slot === -1) {
      slot = this.#options.series.open('svcdns_slow_path_queries_total', {
        server: this.#options.server,
        reason: SLOW_PATH_REASONS[reason] ?? 'other',
      });
      this.#passed[reason] = slot;
    }
    this.#slots[slot] = (this.#slots[slot] ?? 0) + 1;
  }

  /**
   * Counts a query that the chain answers, and times each one.
   * @param resolve asks the chain; called at once, before which the query is read
   */
  async chain(
    query: Uint8Array,
    client: Client,
    resolve: () => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array | undefined> {
    const { now } = this.#options;
    const startedAt = now();
    const tally = this.#countQuery(query, client);
    const reply = await resolve();
    const seconds = (now() - startedAt) / 1_000;
    tally.took(seconds, bucketOf(DNS_TIME_BUCKETS, seconds));
    // the upper bits of an extended rcode are left out: only BADVERS has them, and that is no chain's
    if (reply !== undefined) tally.reply((reply[3] ?? 0) & 0x0f, reply.length);
    return reply;
  }

  #countQuery(query: Uint8Array, client: Client): BlockTally {
    const scan = this.#scan;
    const result = scanQuery(query, 0, query.length, scan);
    const isRead = result === SCAN_OK || result === SCAN_FORMERR_QUESTION;
    const tally = this.#cutTally(
      this.#chainTallies,
      isRead ? findCut(this.#cuts, scan) : undefined,
      '',
    );
    const type = isRead ? (this.#types[scan.qtype] ?? CLASS_OTHER) : CLASS_OTHER;
    const family = client.address.includes(':') ? 2 : 1;
    tally.query(family, type, query.length, isRead && scan.hasEdns && scan.dnssecOk);
    return tally;
  }

  #count(tally: BlockTally, scan: QueryScan, rcode: number, octets: number): void {
    const type = this.#types[scan.qtype] ?? CLASS_OTHER;
    tally.query(this.#family, type, this.#octets, scan.hasEdns && scan.dnssecOk);
    tally.reply(rcode, octets);
    this.#untimed -= 1;
    if (this.#untimed <= 0) this.#time();
    tally.took(this.#seconds, this.#bucket);
  }

  #time(): void {
    this.#untimed = TIMED_EVERY;
    this.#seconds = (this.#options.now() - this.#startedAt) / 1_000;
    this.#bucket = bucketOf(DNS_TIME_BUCKETS, this.#seconds);
  }

  #tableTally(zone: ServedZone): BlockTally {
    let tally = this.#tableTallies.get(zone);
    if (tally === undefined) {
      tally = this.#tallyOf(this.#blockZone(zone.description.zone), 'kubernetes');
      this.#tableTallies.set(zone, tally);
    }
    this.#lastZone = zone;
    this.#lastTally = tally;
    return tally;
  }

  #cutTally(tallies: CutTallies, cut: ZoneCut | undefined, plugin: string): BlockTally {
    let tally = tallies.get(cut);
    if (tally === undefined) {
      tally = this.#tallyOf(this.#zoneOf.get(cut) ?? DROPPED, plugin);
      tallies.set(cut, tally);
    }
    return tally;
  }

  /** The longest zone of a block that the served zone lies in. */
  #blockZone(served: string): string {
    const longestFirst = [...this.#zoneOf.values()];
    return longestFirst.find((zone) => isInZone(served, zone)) ?? DROPPED;
  }

  #tallyOf(zone: string, plugin: string): BlockTally {
    const { series, server, transport } = this.#options;
    const proto = transport === 'udp' ? 'udp' : 'tcp';
    return new BlockTally(series, { server, zone, proto, plugin });
  }
}

function blockCut(zone: string): ZoneCut {
  const labels = labelsOf(zone).length;
  return {
    apex: nameToWire(zone),
    labels,
    zone: undefined,
    shortZone: undefined,
    cache: undefined,
  };
}
