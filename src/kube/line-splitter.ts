/** Cuts a byte stream into lines, bounded in size (the framing of a Kubernetes watch: one JSON object a line). */

/**
 * An object in etcd has at most 1.5 MiB; its JSON can be a few times that. Anything longer is no
 * Kubernetes server.
 */
export const MAX_LINE_BYTES: number = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/** Feeds on chunks, gives complete lines. */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #pending = 0;

  constructor(maxBytes: number = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of a line that has not ended yet; more than 0 at the end of a stream means a truncated line. */
  get pendingBytes(): number {
    return this.#pending;
  }

  /** The lines that this chunk completes, without their newline and without empty ones; undefined: a line was too long. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      if (this.#pending + end - start > this.#maxBytes) return undefined;
      const line = this.#take(chunk.subarray(start, end));
      if (line.trim() !== '') lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#pending += chunk.length - start;
      if (this.#pending > this.#maxBytes) return undefined;
      this.#parts.push(chunk.subarray(start));
    }
    return lines;
  }

  #take(last: Buffer): string {
    if (this.#pending === 0) return last.toString('utf8');
    const line = Buffer.concat([...this.#parts, last]).toString('utf8');
    this.#parts = [];
    this.#pending = 0;
    return line;
  }
}
