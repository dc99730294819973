/** A cursor over the rdata of one record, inside its message or cut out of it. */
import { nameFromWire, nameToWire } from './name.js';

/** Reads rdata from its start to its end; every reading method gives undefined when octets are missing. */
export class RdataReader {
  readonly #message: Uint8Array;
  readonly #end: number;
  readonly #compressed: boolean;
  #at: number;

  /**
   * @param message what `at` and `end` count in; never changed
   * @param compressed whether names may end in pointers into `message`; false for rdata on its own
   */
  constructor(message: Uint8Array, at: number, end: number, compressed: boolean) {
    this.#message = message;
    this.#at = at;
    this.#end = end;
    this.#compressed = compressed;
  }

  get position(): number {
    return this.#at;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  /** The next `length` octets, a view of the message. */
  take(length: number): Uint8Array | undefined {
    if (length > this.left) return undefined;
    this.#at += length;
    return this.#message.subarray(this.#at - length, this.#at);
  }

  /** All that is left, perhaps nothing. */
  rest(): Uint8Array {
    const octets = this.#message.subarray(this.#at, this.#end);
    this.#at = this.#end;
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
    const found = nameFromWire(this.#message, this.#at);
    if (found === undefined || found.end > this.#end) return undefined;
    // a name without a pointer is as long as its own wire form
    if (!this.#compressed && nameToWire(found.name).length !== found.end - this.#at) {
      return undefined;
    }
    this.#at = found.end;
    return found.name;
  }
}
