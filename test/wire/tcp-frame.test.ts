/** Messages cut out of a stream. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSplitter, frame } from '../../src/wire/tcp-frame.js';

/** All messages that are whole by now. */
function take(splitter: FrameSplitter): Uint8Array[] {
  const found: Uint8Array[] = [];
  while (splitter.next()) {
    const { bytes, start, length } = splitter;
    found.push(Uint8Array.from(bytes.subarray(start, start + length)));
  }
  return found;
}

describe('FrameSplitter', () => {
  it('finds the same messages wherever the stream is split', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 8 });
    const cuts = fc.array(fc.nat(6000), { maxLength: 12 });
    fc.assert(
      fc.property(messages, cuts, (sent, at) => {
        const stream = Uint8Array.from(sent.flatMap((message) => [...frame(message)]));
        const ends = [...at.filter((cut) => cut < stream.length), stream.length];
        const splitter = new FrameSplitter();
        const found: Uint8Array[] = [];
        let from = 0;
        for (const end of ends.sort((a, b) => a - b)) {
          splitter.push(stream.slice(from, end));
          found.push(...take(splitter));
          from = end;
        }
        expect(found).toEqual(sent);
        expect(splitter.pending).toBe(0);
      }),
    );
  });

  it('reads whole messages in place, without a copy', () => {
    const chunk = frame(Uint8Array.of(1, 2, 3));
    const splitter = new FrameSplitter();
    splitter.push(chunk);
    expect(splitter.next()).toBe(true);
    expect(splitter.bytes).toBe(chunk);
    expect(splitter.start).toBe(2);
  });

  it('keeps no more memory than twice what it was sent, whatever length is announced', () => {
    const splitter = new FrameSplitter();
    splitter.push(Uint8Array.of(0xff, 0xff));
    for (let i = 0; i < 1000; i++) splitter.push(Uint8Array.of(i & 0xff));
    expect(splitter.next()).toBe(false);
    expect(splitter.pending).toBe(1002);
    expect(splitter.bytes.length).toBeLessThanOrEqual(2 * 1002);
  });

  it('lets go of the memory of a chunk when all of it is taken', () => {
    const splitter = new FrameSplitter();
    splitter.push(frame(new Uint8Array(1000)));
    expect(take(splitter)).toHaveLength(1);
    expect(splitter.bytes.length).toBe(0);
  });

  it('gives the longest message there is', () => {
    const splitter = new FrameSplitter();
    const sent = new Uint8Array(65_535).fill(7);
    const stream = frame(sent);
    splitter.push(stream.slice(0, 1));
    splitter.push(stream.slice(1, 30_000));
    splitter.push(stream.slice(30_000));
    expect(take(splitter)).toEqual([sent]);
  });
});
