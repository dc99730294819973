/** An answerer whose replies the test chooses: bytes in, bytes out. */

import type { Client } from '../../src/chain/query.js';
import { type Answerer, ASK_CHAIN, NO_REPLY } from '../../src/listen/answerer.js';

/** What a scripted answerer was asked by way of the chain. */
export interface Asked {
  readonly query: Uint8Array;
  readonly client: Client;
  readonly reply: (bytes: Uint8Array | undefined) => void;
}

/**
 * Echoes a query whose first octet is `f` at once, with `F` in its place; is silent to `~`; hands everything else
 * to the chain, where it waits for the test.
 */
export class ScriptedAnswerer implements Answerer {
  readonly asked: Asked[] = [];
  /** Lengths of all queries. */
  readonly lengths: number[] = [];
  #waiting: (() => void)[] = [];

  answer(
    query: Uint8Array,
    start: number,
    length: number,
    out: Uint8Array,
    outStart: number,
  ): number {
    this.lengths.push(length);
    for (const tell of this.#waiting.splice(0)) tell();
    if (query[start] === 0x7e) return NO_REPLY;
    if (query[start] !== 0x66) return ASK_CHAIN;
    out.set(query.subarray(start, start + length), outStart);
    out[outStart] = 0x46;
    return length;
  }

  resolve(query: Uint8Array, client: Client): Promise<Uint8Array | undefined> {
    return new Promise((reply) => {
      this.asked.push({ query, client, reply });
      for (const tell of this.#waiting.splice(0)) tell();
    });
  }

  /** Resolves when the condition holds; looked at after each query. */
  async until(holds: (answerer: ScriptedAnswerer) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
