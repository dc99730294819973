/** What one listener answers for one zone of a server block: slots found once, then only additions. */
import { rcodeName } from '../../dns/rcode.js';
import { DNS_TIME_BUCKETS, MESSAGE_SIZE_BUCKETS } from './buckets.js';
import { QUERY_TYPE_CLASSES } from './query-type-class.js';
import { bucketOf, type ThreadSeries } from './thread-series.js';

/** The `family` label: 1 IPv4, 2 IPv6 (RFC 7871 §6 numbers, as CoreDNS). */
export type AddressFamily = 1 | 2;

/** The labels that stay the same for a tally. */
export interface BlockLabels {
  /** As CoreDNS labels a listener: `dns://:53`. */
  readonly server: string;
  /** The server block's zone, or `dropped` where no block owns the name. */
  readonly zone: string;
  readonly proto: 'udp' | 'tcp';
  /** The directive that made the answers; empty where that isn't known. */
  readonly plugin: string;
}

const NO_SLOT = -1;
/** Of a header's rcode and of BADVERS and BADCOOKIE (RFC 6891 §6.1.3). */
const RCODES = 32;
const SIZE_SUM = MESSAGE_SIZE_BUCKETS.length + 1;
const TIME_SUM = DNS_TIME_BUCKETS.length + 1;
/** Sizes whose bucket is looked up instead of searched: nearly all there are. */
const SMALL = 1232;

/** Series come into being with the first count, so that only what happens is exported. */
export class BlockTally {
  readonly #series: ThreadSeries;
  readonly #slots: Float64Array;
  readonly #labels: BlockLabels;
  /** Bucket by size, up to {@link SMALL}. */
  readonly #sizeBuckets: Uint8Array;
  /** By address family and class of type. */
  readonly #requests: Int32Array = new Int32Array(3 * 32).fill(NO_SLOT);
  readonly #responses: Int32Array = new Int32Array(RCODES).fill(NO_SLOT);
  #dnssecOk = NO_SLOT;
  #querySize = NO_SLOT;
  #replySize = NO_SLOT;
  #duration = NO_SLOT;

  constructor(series: ThreadSeries, labels: BlockLabels) {
    this.#series = series;
    this.#slots = series.slots;
    this.#labels = labels;
    this.#sizeBuckets = Uint8Array.from({ length: SMALL + 1 }, (_, octets) =>
      bucketOf(MESSAGE_SIZE_BUCKETS, octets),
    );
  }

  /** A query of `octets`; `type` is its class (query-type-class.ts). */
  query(family: AddressFamily, type: number, octets: number, dnssecOk: boolean): void {
    const slots = this.#slots;
    const request = this.#requests[family * 32 + type] ?? NO_SLOT;
    add(slots, request === NO_SLOT ? this.#openRequest(family, type) : request, 1);
    if (this.#querySize === NO_SLOT) {
      this.#querySize = this.#openSize('coredns_dns_request_size_bytes');
    }
    addSize(slots, this.#querySize, this.#sizeBuckets, octets);
    if (dnssecOk) this.#countDnssecOk();
  }

  /** Its reply. */
  reply(rcode: number, octets: number): void {
    const slots = this.#slots;
    const response = this.#responses[rcode & (RCODES - 1)] ?? NO_SLOT;
    add(slots, response === NO_SLOT ? this.#openResponse(rcode & (RCODES - 1)) : response, 1);
    if (this.#replySize === NO_SLOT) {
      this.#replySize = this.#openSize('coredns_dns_response_size_bytes');
    }
    addSize(slots, this.#replySize, this.#sizeBuckets, octets);
  }

  /** How long it took; `bucket` is that of `seconds` in {@link DNS_TIME_BUCKETS}. */
  took(seconds: number, bucket: number): void {
    const slots = this.#slots;
    if (this.#duration === NO_SLOT) this.#duration = this.#openDuration();
    add(slots, this.#duration + bucket, 1);
    add(slots, this.#duration + TIME_SUM, seconds);
  }

  #countDnssecOk(): void {
    if (this.#dnssecOk === NO_SLOT) {
      const { server, zone } = this.#labels;
      this.#dnssecOk = this.#series.open('coredns_dns_do_requests_total', { server, zone });
    }
    add(this.#slots, this.#dnssecOk, 1);
  }

  #openRequest(family: AddressFamily, type: number): number {
    const { server, zone, proto } = this.#labels;
    const name = QUERY_TYPE_CLASSES[type] ?? 'other';
    const labels = { server, zone, proto, family: String(family), type: name };
    const slot = this.#series.open('coredns_dns_requests_total', labels);
    this.#requests[family * 32 + type] = slot;
    return slot;
  }

  #openResponse(rcode: number): number {
    const { server, zone, plugin } = this.#labels;
    const labels = { server, zone, plugin, rcode: rcodeName(rcode) };
    const slot = this.#series.open('coredns_dns_responses_total', labels);
    this.#responses[rcode] = slot;
    return slot;
  }

  #openSize(metric: string): number {
    const { server, zone, proto } = this.#labels;
    return this.#series.open(metric, { server, zone, proto });
  }

  #openDuration(): number {
    const { server, zone } = this.#labels;
    return this.#series.open('coredns_dns_request_duration_seconds', { server, zone });
  }
}

// functions, because a call of a private method costs a check of its own (measured: a third of everything here)

function add(slots: Float64Array, slot: number, by: number): void {
  slots[slot] = (slots[slot] ?? 0) + by;
}

function addSize(slots: Float64Array, slot: number, buckets: Uint8Array, octets: number): void {
  add(slots, slot + (buckets[octets] ?? bucketOf(MESSAGE_SIZE_BUCKETS, octets)), 1);
  add(slots, slot + SIZE_SUM, octets);
}
