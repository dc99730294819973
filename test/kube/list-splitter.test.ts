/** Cutting lists and lines out of byte streams, however they are chopped up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../src/kube/line-splitter.js';
import { ListSplitter } from '../../src/kube/list-splitter.js';

/** The text in pieces of these sizes, over and over. */
function pieces(text: string, sizes: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const out: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    out.push(bytes.subarray(at, at + size));
    at += size;
  }
  return out;
}

describe('a list', () => {
  it('gives its items and an envelope without them, wherever the pieces are cut', () => {
    const list = fc.record({
      kind: fc.constant('ServiceList'),
      metadata: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
      items: fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))),
      extra: fc.array(fc.string()),
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(list, sizes, fc.constantFrom(undefined, 2), (value, cuts, indent) => {
        const splitter = new ListSplitter();
        const text = JSON.stringify(value, undefined, indent);
        const items = pieces(text, cuts).flatMap((piece) => splitter.push(piece) ?? []);
        // what counts is the JSON; stringify drops the sign of -0 on both sides alike
        const plain = JSON.parse(text) as typeof value;
        expect(items.map((item): unknown => JSON.parse(item))).toEqual(plain.items);
        expect(JSON.parse(splitter.envelope())).toEqual({ ...plain, items: [] });
      }),
    );
  });

  it('has no envelope that parses when its end is missing', () => {
    const splitter = new ListSplitter();
    expect(splitter.push(Buffer.from('{"kind":"ServiceList","items":[{"a":1},{"b":'))).toEqual([
      '{"a":1}',
    ]);
    expect(() => JSON.parse(splitter.envelope()) as unknown).toThrow(SyntaxError);
  });

  it('with null items is empty', () => {
    const splitter = new ListSplitter();
    expect(splitter.push(Buffer.from('{"items":null,"metadata":{"items":[1]}}'))).toEqual([]);
    expect(JSON.parse(splitter.envelope())).toEqual({ items: null, metadata: { items: [1] } });
  });

  it('with an item beyond the bound is refused', () => {
    const splitter = new ListSplitter(100);
    expect(splitter.push(Buffer.from('{"items":[{"a":"'))).toEqual([]);
    expect(splitter.push(Buffer.from('x'.repeat(101)))).toBeUndefined();
  });

  it('with an endless envelope is refused', () => {
    const splitter = new ListSplitter();
    expect(splitter.push(Buffer.from(`{"kind":"${'x'.repeat(70_000)}`))).toBeUndefined();
  });
});

describe('lines', () => {
  it('come out whole, wherever the pieces are cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), sizes, (texts, cuts) => {
        const lines = texts.map((text) => JSON.stringify(text));
        const splitter = new LineSplitter();
        const text = lines.map((line) => `${line}\n`).join('');
        expect(pieces(text, cuts).flatMap((piece) => splitter.push(piece) ?? [])).toEqual(lines);
        expect(splitter.pendingBytes).toBe(0);
      }),
    );
  });

  it('that have not ended are pending, and empty ones are nothing', () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('a\n\r\n\nb'))).toEqual(['a']);
    expect(splitter.pendingBytes).toBe(1);
  });

  it('beyond the bound are refused, in one piece or in many', () => {
    expect(new LineSplitter(4).push(Buffer.from('12345\n'))).toBeUndefined();
    const splitter = new LineSplitter(4);
    expect(splitter.push(Buffer.from('123'))).toEqual([]);
    expect(splitter.push(Buffer.from('45'))).toBeUndefined();
  });
});
