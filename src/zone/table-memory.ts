/** Shared memory of one table, seen as octets, half words and words. */
import { HEADER_SIZE, MAGIC, WORD_MAGIC, WORD_TAKEN } from './layout.js';

/**
 * How much address space a table reserves. Untouched pages cost nothing, so the heap grows in place
 * without a message to any reader.
 */
export const DEFAULT_TABLE_CAPACITY: number = 512 * 1024 * 1024;

/** One table's memory; sharing it with another thread means passing on `buffer`. */
export interface TableMemory {
  readonly buffer: SharedArrayBuffer;
  readonly octets: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Int32Array;
}

/** Views of a buffer that already holds a table. */
export function openTableMemory(buffer: SharedArrayBuffer): TableMemory {
  return {
    buffer,
    octets: new Uint8Array(buffer),
    halves: new Uint16Array(buffer),
    words: new Int32Array(buffer),
  };
}

/** Reserves memory for an empty table; takes less where the system does not give as much. */
export function createTableMemory(capacity: number = DEFAULT_TABLE_CAPACITY): TableMemory {
  const memory = openTableMemory(reserve(capacity));
  memory.words[WORD_MAGIC] = MAGIC;
  memory.words[WORD_TAKEN] = HEADER_SIZE;
  return memory;
}

function reserve(capacity: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(capacity);
  } catch (error) {
    if (capacity <= 1024 * 1024) throw error;
    return reserve(capacity / 2);
  }
}
