/** An answerer for real clients: the query comes back as an answer without records. */
import { ScriptedAnswerer } from './scripted-answerer.js';

const HEADER_LENGTH = 12;

/** What is shorter than a header goes as in ScriptedAnswerer. */
export class EchoAnswerer extends ScriptedAnswerer {
  override answer(
    query: Uint8Array,
    start: number,
    length: number,
    out: Uint8Array,
    outStart: number,
  ): number {
    if (length < HEADER_LENGTH) return super.answer(query, start, length, out, outStart);
    out.set(query.subarray(start, start + length), outStart);
    out[outStart + 2]! |= 0x80;
    return length;
  }
}
