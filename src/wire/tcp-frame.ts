/** Messages on a byte stream, each behind its length in two octets (RFC 1035 §4.2.2, RFC 7766 §8). */

/** The length prefix in octets. */
export const FRAME_PREFIX = 2;

/** Puts the length in front of a message of at most 65,535 octets. */
export function frame(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(FRAME_PREFIX + message.length);
  out[0] = message.length >> 8;
  out[1] = message.length & 0xff;
  out.set(message, FRAME_PREFIX);
  return out;
}

const NONE = new Uint8Array(0);

/**
 * Cuts a stream into messages, wherever its chunks begin and end.
 *
 * A chunk that holds whole messages is read in place. What is left over is gathered in a buffer that
 * doubles, so a peer that sends octet by octet costs linear work and only the memory that it has filled.
 */
export class FrameSplitter {
  #bytes: Uint8Array = NONE;
  #at = 0;
  #end = 0;
  /** Whether {@link #bytes} is our own memory, or a chunk that is read in place. */
  #owned = false;

  /** The memory that {@link next} points into; good until the next {@link push}. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }
  /** Offset of the message that {@link next} found. */
  start = 0;
  /** Its length, 0..65535. */
  length = 0;

  /** Octets that belong to no message found yet. */
  get pending(): number {
    return this.#end - this.#at;
  }

  /** Takes the next octets of the stream; `chunk` must stay as it is until all of its messages are taken. */
  push(chunk: Uint8Array): void {
    if (this.pending === 0) {
      this.#bytes = chunk;
      this.#at = 0;
      this.#end = chunk.length;
      this.#owned = false;
      return;
    }
    const needed = this.pending + chunk.length;
    if (!this.#owned || this.#at + needed > this.#bytes.length) this.#gather(needed);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Goes to the next whole message; false when the stream has to go on first. */
  next(): boolean {
    if (this.pending < FRAME_PREFIX) {
      // an idle connection holds no memory
      if (this.pending === 0) this.#bytes = NONE;
      return false;
    }
    const length = (this.#bytes[this.#at]! << 8) | this.#bytes[this.#at + 1]!;
    if (this.pending < FRAME_PREFIX + length) return false;
    this.start = this.#at + FRAME_PREFIX;
    this.length = length;
    this.#at = this.start + length;
    return true;
  }

  /** Moves what is left to the front of memory of our own that has room for `needed` octets. */
  #gather(needed: number): void {
    const fits = this.#owned && needed <= this.#bytes.length / 2;
    const room = fits ? this.#bytes : new Uint8Array(Math.max(512, needed * 2));
    room.set(this.#bytes.subarray(this.#at, this.#end));
    this.#end -= this.#at;
    this.#at = 0;
    this.#bytes = room;
    this.#owned = true;
  }
}
