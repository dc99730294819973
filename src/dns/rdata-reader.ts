/** A cursor over the rdata of one record, cut out of its message, names written out. */
import { nameFromWire, nameToWire } from './name.js';

/** Reads rdata from its start to its end; every reading method gives undefined when octets are missing. */
export class RdataReader {
  readonly #rdata: Uint8Array;
  #at = 0;

  /** @param rdata without compression pointers; never changed */
  constructor(rdata: Uint8Array) {
    this.#rdata = rdata;
  }

  get left(): number {
    return this.#rdata.length - this.#at;
  }

  /** The next `length` octets, a view of the rdata. */
  take(length: number): Uint8Array | undefined {
    if (length > this.left) return undefined;
    this.#at += length;
    return this.#rdata.subarray(this.#at - length, this.#at);
  }

  /** All that is left, perhaps nothing. */
  rest(): Uint8Array {
    const octets = this.#rdata.subarray(this.#at);
    this.#at = this.#rdata.length;
    return octets;
  }

  /** An unsigned number of 1, 2 or 4 octets in network order. */
  number(length: 1 | 2 | 4): number | undefined {
    const octets = this.take(length);
    return octets?.reduce((sum, octet) => sum * 256 + octet, 0);
  }

  /** The octets of a character string without its length octet. */
  characterString(): Uint8Array | undefined {
    const length = this.number(1);
    return length === undefined ? undefined : this.take(length);
  }

  /** A name in text form. */
  name(): string | undefined {
    const found = nameFromWire(this.#rdata, this.#at);
    // a pointer would mean a place of some message; a name without one is as long as its own wire form
    if (found === undefined || nameToWire(found.name).length !== found.end - this.#at) {
      return undefined;
    }
    this.#at = found.end;
    return found.name;
  }
}
