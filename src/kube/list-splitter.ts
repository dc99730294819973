/**
 * Cuts a Kubernetes List out of a byte stream item by item, so that a list of any size is read without
 * holding it whole and without parsing it in one piece.
 *
 * With resourceVersion=0 API servers ignore `limit`: 10,000 services with their slices then come as one
 * body of some 60 MB, which JSON.parse would take in one blocking go.
 */
import { MAX_LINE_BYTES } from './line-splitter.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

/** Everything outside of the items: apiVersion, kind and metadata are a few hundred bytes. */
const MAX_ENVELOPE_BYTES = 64 * 1024;

/** Feeds on chunks, gives the JSON texts of complete items; the rest of the list is its envelope. */
export class ListSplitter {
  readonly #maxItemBytes: number;
  /** The text of the list with an empty `items`. */
  #envelope: Buffer[] = [];
  #envelopeBytes = 0;
  #item: Buffer[] = [];
  #itemBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inItems = false;
  /** The bytes of the last string at depth 1, to recognise the key `items`. */
  #key = '';

  constructor(maxItemBytes: number = MAX_LINE_BYTES) {
    this.#maxItemBytes = maxItemBytes;
  }

  /** The items that this chunk completes; undefined: an item or the envelope is too long to be a Kubernetes list. */
  push(chunk: Buffer): string[] | undefined {
    const items: string[] = [];
    let itemStart = 0;
    let envelopeStart = this.#inItems ? -1 : 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          continue;
        }
        if (this.#depth === 1 && this.#key.length < 8) this.#key += String.fromCharCode(byte);
      } else if (byte === QUOTE) {
        this.#inString = true;
        if (this.#depth === 1) this.#key = '';
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (byte === OPEN_BRACKET && this.#depth === 1 && this.#key === 'items') {
          this.#inItems = true;
          this.#keep(chunk.subarray(envelopeStart, i + 1));
          envelopeStart = -1;
          itemStart = i + 1;
        }
        this.#depth += 1;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth -= 1;
        if (this.#inItems && this.#depth === 1) {
          if (!this.#finish(chunk.subarray(itemStart, i), items)) return undefined;
          this.#inItems = false;
          envelopeStart = i;
        }
      } else if (byte === COMMA && this.#inItems && this.#depth === 2) {
        if (!this.#finish(chunk.subarray(itemStart, i), items)) return undefined;
        itemStart = i + 1;
      }
    }
    if (this.#inItems) this.#hold(chunk.subarray(itemStart));
    else if (envelopeStart >= 0) this.#keep(chunk.subarray(envelopeStart));
    const tooLong =
      this.#itemBytes > this.#maxItemBytes || this.#envelopeBytes > MAX_ENVELOPE_BYTES;
    return tooLong ? undefined : items;
  }

  /** The list without its items, once the body has ended; it does not parse when the body was cut off. */
  envelope(): string {
    return Buffer.concat(this.#envelope).toString('utf8');
  }

  #keep(part: Buffer): void {
    this.#envelope.push(part);
    this.#envelopeBytes += part.length;
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#item.push(part);
    this.#itemBytes += part.length;
  }

  #finish(last: Buffer, items: string[]): boolean {
    this.#hold(last);
    if (this.#itemBytes > this.#maxItemBytes) return false;
    const text = (
      this.#item.length === 1 ? (this.#item[0] ?? last) : Buffer.concat(this.#item)
    ).toString('utf8');
    this.#item = [];
    this.#itemBytes = 0;
    if (text.trim() !== '') items.push(text);
    return true;
  }
}
