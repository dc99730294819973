/**
 * Memory for entries: taken from the end, given back by size class once no reader can still see it.
 *
 * Readers write the epoch they started in before they look anything up, and 0 when they are done; what
 * was unlinked in epoch e is free when every reader is idle or started later than e.
 */
import { HEADER_SIZE, MAX_READERS, WORD_EPOCH, WORD_READERS, WORD_TAKEN } from './layout.js';
import type { TableMemory } from './table-memory.js';

/** Thrown when a table's reserved memory is used up: more names than any supported cluster has. */
export class TableFullError extends Error {}

interface Retired {
  readonly epoch: number;
  readonly offset: number;
  readonly size: number;
}

/** The writer's allocator; one per table. */
export class Heap {
  readonly #memory: TableMemory;
  readonly #free = new Map<number, number[]>();
  #retired: Retired[] = [];
  #live = 0;

  constructor(memory: TableMemory) {
    this.#memory = memory;
    Atomics.store(memory.words, WORD_EPOCH, 1);
  }

  /** Octets in use by entries and indices, rounded up to their size classes. */
  get liveOctets(): number {
    return this.#live;
  }

  /** Octets ever taken: the part of the memory that is resident. */
  get takenOctets(): number {
    return this.#memory.words[WORD_TAKEN]! - HEADER_SIZE;
  }

  /** The offset of at least `octets` octets, 8-octet aligned. */
  allocate(octets: number): number {
    const size = sizeClass(octets);
    this.#live += size;
    const reused = this.#free.get(size)?.pop();
    if (reused !== undefined) return reused;
    const offset = this.#memory.words[WORD_TAKEN]!;
    if (offset + size > this.#memory.octets.length) {
      throw new TableFullError(`table of ${this.#memory.octets.length} octets is full`);
    }
    this.#memory.words[WORD_TAKEN] = offset + size;
    return offset;
  }

  /** Gives back what no slot points at any more; readers that started earlier may still read it. */
  retire(offset: number, octets: number): void {
    const size = sizeClass(octets);
    this.#live -= size;
    this.#retired.push({ epoch: this.#memory.words[WORD_EPOCH]!, offset, size });
  }

  /** Ends an epoch and makes free what no reader can see; called once per batch of changes. */
  reclaim(): void {
    if (this.#retired.length === 0) return;
    const { words } = this.#memory;
    const epoch = Atomics.load(words, WORD_EPOCH);
    // 0 means idle, so the epoch skips it when it wraps
    Atomics.store(words, WORD_EPOCH, epoch === 0x7fffffff ? 1 : epoch + 1);
    let oldest = Number.POSITIVE_INFINITY;
    for (let i = WORD_READERS; i < WORD_READERS + MAX_READERS; i++) {
      const started = Atomics.load(words, i);
      if (started !== 0 && started < oldest) oldest = started;
    }
    const kept: Retired[] = [];
    for (const entry of this.#retired) {
      if (entry.epoch >= oldest) kept.push(entry);
      else this.#release(entry);
    }
    this.#retired = kept;
  }

  #release({ offset, size }: Retired): void {
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [offset]);
    else list.push(offset);
  }
}

/** Sizes are rounded up so that what is given back fits again: at most an eighth is lost. */
export function sizeClass(octets: number): number {
  if (octets <= 256) return (octets + 15) & ~15;
  const step = 1 << (28 - Math.clz32(octets - 1));
  return Math.ceil(octets / step) * step;
}
