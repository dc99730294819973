/**
 * The memory in which one thread counts and from which the main thread reads: numbers and a directory.
 *
 * ```
 * 0        64                        64 + 8 · SLOTS
 * | words  | slots (Float64)         | directory (text)                                  |
 * |  0 slots taken                   | ["name",slot,"label value",...]\n per series      |
 * |  1 octets of the directory       |                                                   |
 * ```
 *
 * One thread writes. A line of the directory counts once the second word says so, and its slots are
 * zero until then, so a reader never sees half of one. A number is one aligned store of 64 bits, which
 * no machine that Node runs on tears. A thread that dies takes nothing with it: who comes in its place
 * reads the directory and counts on in the same slots, so that counters never go down.
 */

const HEADER_OCTETS = 64;
/** 500 histograms of DNS times, or 10,000 counters. Only what is used becomes resident. */
const SLOTS = 16_384;
const DIRECTORY_OCTETS = 256 * 1024;

const WORD_SLOTS = 0;
const WORD_DIRECTORY = 1;

/** Slots at the front that no series owns: what has no room elsewhere is counted in them, and lost. */
const LOST_SLOTS = 64;

/** One series as the directory has it. */
export interface SeriesEntry {
  readonly metric: string;
  /** The first of its slots. */
  readonly slot: number;
  /** In the order of the metric's label names. */
  readonly values: readonly string[];
}

/** Memory for one thread, all zero. */
export function allocateSeriesMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_OCTETS + SLOTS * 8 + DIRECTORY_OCTETS);
}

/** The first slot of what is lost. */
export const LOST_SLOT = 0;

/** Views of a thread's memory. */
export class SeriesMemory {
  readonly slots: Float64Array;
  readonly #words: Int32Array;
  readonly #directory: Uint8Array;

  constructor(buffer: SharedArrayBuffer) {
    this.slots = new Float64Array(buffer, HEADER_OCTETS, SLOTS);
    this.#words = new Int32Array(buffer, 0, HEADER_OCTETS / 4);
    this.#directory = new Uint8Array(buffer, HEADER_OCTETS + SLOTS * 8, DIRECTORY_OCTETS);
  }

  /** Takes `count` slots for a series and enters it; undefined where there is no room. Writer only. */
  enter(metric: string, values: readonly string[], count: number): number | undefined {
    const slot = Math.max(LOST_SLOTS, Atomics.load(this.#words, WORD_SLOTS));
    const from = Atomics.load(this.#words, WORD_DIRECTORY);
    const line = new TextEncoder().encode(`${JSON.stringify([metric, slot, ...values])}\n`);
    if (slot + count > SLOTS || from + line.length > DIRECTORY_OCTETS) return undefined;
    this.#directory.set(line, from);
    Atomics.store(this.#words, WORD_SLOTS, slot + count);
    Atomics.store(this.#words, WORD_DIRECTORY, from + line.length);
    return slot;
  }

  /** Series behind `from` octets of the directory, and how many octets there are now. */
  entries(from: number): { readonly entries: readonly SeriesEntry[]; readonly end: number } {
    const end = Atomics.load(this.#words, WORD_DIRECTORY);
    // a decoder takes no shared memory, so it gets a copy
    const text = new TextDecoder().decode(this.#directory.slice(from, end));
    const lines = text.split('\n').filter((line) => line !== '');
    return { entries: lines.map(parseEntry), end };
  }
}

function parseEntry(line: string): SeriesEntry {
  const parts: unknown = JSON.parse(line);
  if (!Array.isArray(parts)) throw new Error(`no series: ${line}`);
  const [metric, slot, ...values] = parts.map((part: unknown) => part);
  return { metric: String(metric), slot: Number(slot), values: values.map(String) };
}
