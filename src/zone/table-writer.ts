/**
 * The one writer of a table: publishes entries so that readers see either the old or the new one.
 *
 * An entry is written completely before one atomic store makes its slot point at it; nothing that a
 * reader may see is ever changed in place.
 */
import { Heap } from './heap.js';
import {
  ENTRY_KEY,
  ENTRY_KEY_LENGTH,
  ENTRY_SIZE,
  INDEX_HEADER_WORDS,
  SLOT_DELETED,
  SLOT_EMPTY,
  STATE_READY,
  WORD_INDEX,
  WORD_NAMES,
  WORD_READERS,
  WORD_SERIAL,
  WORD_STATE,
} from './layout.js';
import type { TableMemory } from './table-memory.js';

const INITIAL_SLOTS = 256;

/** Owns a table's memory for writing. */
export class TableWriter {
  readonly memory: TableMemory;
  readonly #heap: Heap;
  #slots = 0;
  /** Slots that are not empty, deleted ones included. */
  #used = 0;

  constructor(memory: TableMemory) {
    this.memory = memory;
    this.#heap = new Heap(memory);
    this.#buildIndex(INITIAL_SLOTS);
  }

  /** Names in the table. */
  get names(): number {
    return this.memory.words[WORD_NAMES]!;
  }

  get liveOctets(): number {
    return this.#heap.liveOctets;
  }

  get takenOctets(): number {
    return this.#heap.takenOctets;
  }

  /** Sets the SOA serial that every negative answer carries (seconds since 1970, modulo 2^32). */
  setSerial(serial: number): void {
    Atomics.store(this.memory.words, WORD_SERIAL, serial | 0);
  }

  /** Lets readers answer; before that they ask the chain, which says SERVFAIL. */
  setReady(): void {
    Atomics.store(this.memory.words, WORD_STATE, STATE_READY);
  }

  /** Counts a reader as idle whose thread has died. */
  releaseReader(reader: number): void {
    Atomics.store(this.memory.words, WORD_READERS + reader, 0);
  }

  /** Makes free what readers can no longer see; call once per batch. */
  reclaim(): void {
    const { names } = this;
    if (this.#slots > INITIAL_SLOTS && names * 8 < this.#slots) {
      this.#buildIndex(Math.max(INITIAL_SLOTS, 1 << (33 - Math.clz32(names))));
    }
    this.#heap.reclaim();
  }

  /**
   * Publishes an entry (answer-compiler.ts) in place of one with the same key, if there is one.
   * @returns whether anything changed, and where the entry lies now.
   */
  publish(entry: Uint8Array): { readonly changed: boolean; readonly offset: number } {
    const keyLength = entry[ENTRY_KEY_LENGTH]!;
    const hash = new DataView(entry.buffer, entry.byteOffset).getInt32(0, true);
    const found = this.#find(hash, entry, keyLength);
    if (found.offset > 0 && this.#isSame(found.offset, entry)) {
      return { changed: false, offset: found.offset };
    }
    const offset = this.#heap.allocate(entry.length);
    this.memory.octets.set(entry, offset);
    if (found.offset > 0) {
      Atomics.store(this.memory.words, found.word + 1, offset / 8);
      this.#retire(found.offset);
    } else {
      this.#link(found.word, hash, offset);
      this.memory.words[WORD_NAMES]! += 1;
    }
    return { changed: true, offset };
  }

  /** Takes the entry with this key (relative wire form, lower case) out; false when there is none. */
  remove(key: Uint8Array, hash: number): boolean {
    const probe = new Uint8Array(ENTRY_KEY + key.length);
    probe.set(key, ENTRY_KEY);
    const found = this.#find(hash, probe, key.length);
    if (found.offset <= 0) return false;
    Atomics.store(this.memory.words, found.word + 1, SLOT_DELETED);
    this.memory.words[WORD_NAMES]! -= 1;
    this.#retire(found.offset);
    return true;
  }

  /** The key of a published entry, a copy. */
  keyAt(offset: number): Uint8Array {
    const length = this.memory.octets[offset + ENTRY_KEY_LENGTH]!;
    return this.memory.octets.slice(offset + ENTRY_KEY, offset + ENTRY_KEY + length);
  }

  /** The hash of a published entry's key. */
  hashAt(offset: number): number {
    return this.memory.words[offset >> 2]!;
  }

  /** Octets of a published entry, a copy: what a compacted table takes over. */
  entryAt(offset: number): Uint8Array {
    return this.memory.octets.slice(offset, offset + this.#sizeAt(offset));
  }

  #sizeAt(offset: number): number {
    return this.memory.words[(offset + ENTRY_SIZE) >> 2]!;
  }

  #retire(offset: number): void {
    this.#heap.retire(offset, this.#sizeAt(offset));
  }

  #isSame(offset: number, entry: Uint8Array): boolean {
    if (this.#sizeAt(offset) !== entry.length) return false;
    const { octets } = this.memory;
    for (let i = 0; i < entry.length; i++) if (octets[offset + i] !== entry[i]) return false;
    return true;
  }

  /** The slot (as word index) that holds the key or could take it, and the entry's offset or 0. */
  #find(
    hash: number,
    entry: Uint8Array,
    keyLength: number,
  ): { readonly word: number; readonly offset: number } {
    const { words } = this.memory;
    const base = (words[WORD_INDEX]! * 8) / 4 + INDEX_HEADER_WORDS;
    const mask = this.#slots - 1;
    let free = -1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = base + slot * 2;
      const at = words[word + 1]!;
      if (at === SLOT_EMPTY) return { word: free >= 0 ? free : word, offset: 0 };
      if (at === SLOT_DELETED) {
        if (free < 0) free = word;
      } else if (words[word] === hash && this.#hasKey(at * 8, entry, keyLength)) {
        return { word, offset: at * 8 };
      }
    }
  }

  #hasKey(offset: number, entry: Uint8Array, keyLength: number): boolean {
    const { octets } = this.memory;
    if (octets[offset + ENTRY_KEY_LENGTH] !== keyLength) return false;
    for (let i = ENTRY_KEY; i < ENTRY_KEY + keyLength; i++) {
      if (octets[offset + i] !== entry[i]) return false;
    }
    return true;
  }

  #link(word: number, hash: number, offset: number): void {
    const { words } = this.memory;
    if (words[word + 1] === SLOT_EMPTY) this.#used += 1;
    words[word] = hash;
    Atomics.store(words, word + 1, offset / 8);
    // linear probing stays short below two thirds
    if (this.#used * 3 > this.#slots * 2) {
      this.#buildIndex(this.names * 2 >= this.#slots ? this.#slots * 2 : this.#slots);
    }
  }

  /** Writes a fresh index of the live entries and swaps it in; the old one is given back. */
  #buildIndex(slots: number): void {
    const { words } = this.memory;
    const size = (INDEX_HEADER_WORDS + slots * 2) * 4;
    const offset = this.#heap.allocate(size);
    const base = offset / 4;
    words.fill(0, base, base + INDEX_HEADER_WORDS + slots * 2);
    words[base] = slots - 1;
    const oldBase = (words[WORD_INDEX]! * 8) / 4;
    const oldSlots = this.#slots;
    let used = 0;
    for (let slot = 0; slot < oldSlots; slot++) {
      const word = oldBase + INDEX_HEADER_WORDS + slot * 2;
      const at = words[word + 1]!;
      if (at <= 0) continue;
      let target = words[word]! & (slots - 1);
      while (words[base + INDEX_HEADER_WORDS + target * 2 + 1] !== SLOT_EMPTY) {
        target = (target + 1) & (slots - 1);
      }
      words[base + INDEX_HEADER_WORDS + target * 2] = words[word]!;
      words[base + INDEX_HEADER_WORDS + target * 2 + 1] = at;
      used += 1;
    }
    Atomics.store(words, WORD_INDEX, offset / 8);
    if (oldSlots > 0) this.#heap.retire(oldBase * 4, (INDEX_HEADER_WORDS + oldSlots * 2) * 4);
    this.#slots = slots;
    this.#used = used;
  }
}
