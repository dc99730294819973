/** The memory that the kernel reads and writes for batches of datagrams: one owner, laid out once. */
import { IPV6_LENGTH, isAnswerable } from './socket-address.js';

/** Octets that any UDP datagram fits into (RFC 768: a length field of 16 bits). */
export const QUERY_CAPACITY = 65_535;
/** Octets of a reply from finished bytes: what Answerer asks for at least. */
export const REPLY_CAPACITY = 4096;

/**
 * One mmsghdr on 64-bit Linux, glibc and musl alike, all little endian:
 *
 * ```
 *    0 msg_name (pointer)       8 msg_namelen (4, padded)
 *   16 msg_iov (pointer)       24 msg_iovlen
 *   32 msg_control (pointer)   40 msg_controllen
 *   48 msg_flags (4, padded)   56 msg_len (4, padded)
 * ```
 */
const HEADER_SIZE = 64;
const NAME = 0;
const NAME_LENGTH = 8;
const VECTORS = 16;
const VECTOR_COUNT = 24;
const FLAGS = 48;
const LENGTH = 56;
/** One iovec: pointer, length. */
const VECTOR_SIZE = 16;
const VECTOR_LENGTH = 8;
const ADDRESS_SIZE = 32;
const MSG_TRUNC = 0x20;

/**
 * A cache line more than a power of two, so that the first octets of all slots do not fall into the
 * same cache set.
 */
const QUERY_STRIDE = 65_536 + 64;
const REPLY_STRIDE = REPLY_CAPACITY + 64;

/**
 * `slots` places for datagrams that came in and as many for replies, in one block:
 *
 * ```
 *   receive headers | send headers | receive vectors | send vectors | addresses | replies | queries
 * ```
 *
 * It is an ordinary ArrayBuffer: it is freed when nobody holds it, its addresses hold as long as it
 * lives, and what no datagram has touched takes no memory. That is why a slot can have room for the
 * longest datagram: 64 slots take 4.5 MB of address space, and 0.5 MB of memory while queries stay
 * below a page.
 */
export class DatagramMemory {
  /** Queries and replies lie in here; nothing outside this file writes anywhere but to a reply slot. */
  readonly bytes: Uint8Array;
  /** For recvmmsg: {@link slots} headers. */
  readonly receiveHeaders: Uint8Array;
  readonly slots: number;
  readonly #words: Uint32Array;
  readonly #sendHeaders: Uint8Array;
  readonly #receiveHeader: number;
  readonly #sendHeader: number;
  readonly #sendVector: number;
  readonly #address: number;
  readonly #reply: number;
  readonly #query: number;

  /**
   * @param slots the largest batch, 1..1024
   * @param addressOf gives the address of the first octet of an array
   */
  constructor(slots: number, addressOf: (memory: Uint8Array) => bigint) {
    if (!Number.isInteger(slots) || slots < 1 || slots > 1024) {
      throw new RangeError(`a batch has 1 to 1024 datagrams, not ${slots}`);
    }
    this.slots = slots;
    let size = 0;
    const take = (each: number): number => {
      const start = size;
      size += slots * each;
      return start;
    };
    this.#receiveHeader = take(HEADER_SIZE);
    this.#sendHeader = take(HEADER_SIZE);
    const receiveVector = take(VECTOR_SIZE);
    this.#sendVector = take(VECTOR_SIZE);
    this.#address = take(ADDRESS_SIZE);
    this.#reply = take(REPLY_STRIDE);
    this.#query = take(QUERY_STRIDE);
    const memory = new ArrayBuffer(size);
    this.bytes = new Uint8Array(memory);
    this.#words = new Uint32Array(memory);
    this.receiveHeaders = this.bytes.subarray(this.#receiveHeader, this.#sendHeader);
    this.#sendHeaders = this.bytes.subarray(this.#sendHeader, receiveVector);
    this.#connect(new DataView(memory), addressOf(this.bytes), receiveVector);
  }

  /** Writes all pointers: each header to its vector and address, each vector to its slot. */
  #connect(view: DataView, base: bigint, receiveVector: number): void {
    const point = (at: number, to: number): void => view.setBigUint64(at, base + BigInt(to), true);
    for (let slot = 0; slot < this.slots; slot += 1) {
      const query = receiveVector + slot * VECTOR_SIZE;
      point(query, this.queryStart(slot));
      view.setUint32(query + VECTOR_LENGTH, QUERY_CAPACITY, true);
      const reply = this.#sendVector + slot * VECTOR_SIZE;
      point(reply, this.replyStart(slot));
      for (const [headers, vector] of [
        [this.#receiveHeader, query],
        [this.#sendHeader, reply],
      ] as const) {
        const header = headers + slot * HEADER_SIZE;
        point(header + NAME, this.addressStart(slot));
        view.setUint32(header + NAME_LENGTH, IPV6_LENGTH, true);
        point(header + VECTORS, vector);
        view.setUint32(header + VECTOR_COUNT, 1, true);
      }
    }
  }

  queryStart(slot: number): number {
    return this.#query + slot * QUERY_STRIDE;
  }

  replyStart(slot: number): number {
    return this.#reply + slot * REPLY_STRIDE;
  }

  addressStart(slot: number): number {
    return this.#address + slot * ADDRESS_SIZE;
  }

  /** A copy of the address that the datagram in `slot` came from, 16 or 28 octets. */
  copyAddress(slot: number): Uint8Array {
    const start = this.addressStart(slot);
    const length = this.#words[this.#headerWord(slot) + NAME_LENGTH / 4]!;
    return this.bytes.slice(start, start + length);
  }

  /**
   * Octets of the datagram in `slot`, 0..65535; -1 for one that gets no answer: one that the kernel had
   * to cut, one from port 0 or from an address of unknown form.
   */
  queryLength(slot: number): number {
    const header = this.#headerWord(slot);
    const words = this.#words;
    const length = words[header + LENGTH / 4]!;
    if (length > QUERY_CAPACITY || (words[header + FLAGS / 4]! & MSG_TRUNC) !== 0) return -1;
    const nameLength = words[header + NAME_LENGTH / 4]!;
    return isAnswerable(this.bytes, this.addressStart(slot), nameLength) ? length : -1;
  }

  /** As if the kernel had put `query` into slot 0; the address has been written there already. */
  placeFirst(query: Uint8Array, addressLength: number): void {
    const length = Math.min(query.length, QUERY_CAPACITY);
    this.bytes.set(length === query.length ? query : query.subarray(0, length), this.#query);
    const header = this.#headerWord(0);
    this.#words[header + NAME_LENGTH / 4] = addressLength;
    this.#words[header + FLAGS / 4] = 0;
    this.#words[header + LENGTH / 4] = length;
  }

  /** Tells the kernel anew how much room there is for addresses, which it overwrote with lengths. */
  rearm(count: number): void {
    for (let slot = 0; slot < count; slot += 1) {
      this.#words[this.#headerWord(slot) + NAME_LENGTH / 4] = IPV6_LENGTH;
    }
  }

  /**
   * Directs the reply in slot `reply`, `length` octets long and at most {@link REPLY_CAPACITY}, to where
   * the query in `slot` came from.
   */
  directReply(reply: number, slot: number, length: number): void {
    const words = this.#words;
    const from = this.#headerWord(slot);
    const to = (this.#sendHeader + reply * HEADER_SIZE) / 4;
    words[to] = words[from]!;
    words[to + 1] = words[from + 1]!;
    words[to + NAME_LENGTH / 4] = words[from + NAME_LENGTH / 4]!;
    words[(this.#sendVector + reply * VECTOR_SIZE + VECTOR_LENGTH) / 4] = length;
  }

  /** For sendmmsg: the headers from `reply` on. Allocates unless that is 0. */
  sendHeaders(reply: number): Uint8Array {
    return reply === 0 ? this.#sendHeaders : this.#sendHeaders.subarray(reply * HEADER_SIZE);
  }

  /** A copy of the reply in slot `reply`, for a queue. */
  copyReply(reply: number): Uint8Array {
    const start = this.replyStart(reply);
    const length = this.#words[(this.#sendVector + reply * VECTOR_SIZE + VECTOR_LENGTH) / 4]!;
    return this.bytes.slice(start, start + length);
  }

  /** Where the address lies that the reply in slot `reply` goes to. */
  destinationStart(reply: number): number {
    // The queries' headers and ours point into the same block, so the low words' distance is exact.
    const to = this.#words[(this.#sendHeader + reply * HEADER_SIZE) / 4]!;
    const first = this.#words[this.#receiveHeader / 4]!;
    return this.#address + ((to - first) >>> 0);
  }

  #headerWord(slot: number): number {
    return (this.#receiveHeader + slot * HEADER_SIZE) / 4;
  }
}
