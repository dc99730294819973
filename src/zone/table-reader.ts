/** A reader of a table: finds entries by hash and key, allocates nothing, never throws. */

import type { RelativeName } from '../records/rrset.js';
import { hashOctets } from '../wire/query-scan.js';
import {
  ENTRY_KEY,
  ENTRY_KEY_LENGTH,
  INDEX_HEADER_WORDS,
  MAX_READERS,
  SLOT_EMPTY,
  STATE_READY,
  WORD_EPOCH,
  WORD_INDEX,
  WORD_READERS,
  WORD_SERIAL,
  WORD_STATE,
} from './layout.js';
import { relativeKey } from './relative-key.js';
import type { TableMemory } from './table-memory.js';

/** One thread's view of one table. Between {@link enter} and {@link leave} what it finds stays as it is. */
export class TableReader {
  readonly octets: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Int32Array;
  readonly #readerWord: number;

  /** @param reader this thread's number, 0..111, not shared with another thread */
  constructor(memory: TableMemory, reader: number) {
    if (reader < 0 || reader >= MAX_READERS) throw new RangeError(`reader ${reader} of a table`);
    this.octets = memory.octets;
    this.halves = memory.halves;
    this.words = memory.words;
    this.#readerWord = WORD_READERS + reader;
  }

  /** Starts reading: entries found from now on are not given back before {@link leave}. */
  enter(): void {
    Atomics.store(this.words, this.#readerWord, Atomics.load(this.words, WORD_EPOCH));
  }

  /** Ends reading. */
  leave(): void {
    Atomics.store(this.words, this.#readerWord, 0);
  }

  /** Whether the first lists are in. */
  isReady(): boolean {
    return Atomics.load(this.words, WORD_STATE) === STATE_READY;
  }

  /** The SOA serial as a signed word. */
  serial(): number {
    return Atomics.load(this.words, WORD_SERIAL);
  }

  /**
   * The offset of the entry whose key is `length` octets of `key` at `start`, followed by `suffix`;
   * 0 when there is none. `hash` is that of all these octets.
   */
  find(hash: number, key: Uint8Array, start: number, length: number, suffix: Uint8Array): number {
    const { words, octets } = this;
    const base = Atomics.load(words, WORD_INDEX) * 2;
    const mask = words[base]!;
    const total = length + suffix.length;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = base + INDEX_HEADER_WORDS + slot * 2;
      const at = Atomics.load(words, word + 1);
      if (at === SLOT_EMPTY) return 0;
      if (at < 0 || words[word] !== hash) continue;
      const offset = at * 8;
      if (octets[offset + ENTRY_KEY_LENGTH] !== total) continue;
      let i = 0;
      const from = offset + ENTRY_KEY;
      while (i < length && octets[from + i] === key[start + i]) i += 1;
      if (i < length) continue;
      let k = 0;
      while (k < suffix.length && octets[from + length + k] === suffix[k]) k += 1;
      if (k === suffix.length) return offset;
    }
  }
}

const NO_SUFFIX = new Uint8Array(0);

/** Whether a table has a relative name (lower case); off the hot path. */
export function hasEntry(reader: TableReader, name: RelativeName): boolean {
  const key = relativeKey(name);
  reader.enter();
  const entry = reader.find(hashOctets(key, 0, key.length), key, 0, key.length, NO_SUFFIX);
  reader.leave();
  return entry !== 0;
}
