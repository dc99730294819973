import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameToWire } from '../../../src/dns/name.js';
import { recordFromText } from '../../../src/dns/record-text.js';
import { checkAnswer } from '../../../src/plugins/forward/answer-check.js';
import { layoutOf } from '../../../src/plugins/forward/message-layout.js';
import { cryptoRandom } from '../../../src/plugins/forward/random-source.js';
import { plainQuestion, upstreamQuery } from '../../../src/plugins/forward/upstream-query.js';
import { decodeMessage, encodeMessage, message } from '../../../src/wire/message.js';
import { nameBuffer } from '../../../src/wire/wire-name.js';

const scratch = nameBuffer();

function queryFor(name: string, mixCase = false): Uint8Array {
  const question = plainQuestion(nameToWire(name), 1, true);
  return upstreamQuery(question, { mixCase, edns: true }, cryptoRandom());
}

function answerFor(query: Uint8Array, answer: readonly string[]): Uint8Array {
  const asked = decodeMessage(query);
  if (asked === undefined) throw new Error('a broken query');
  return encodeMessage(
    message({
      id: asked.id,
      response: true,
      question: asked.question,
      answer: answer.map((line) => recordFromText(line)),
      edns: {
        udpSize: 1232,
        version: 0,
        dnssecOk: false,
        options: [{ code: 10, data: new Uint8Array(8) }],
      },
    }),
  );
}

function straysIn(name: string, answer: readonly string[]): readonly number[] | string {
  const query = queryFor(name);
  const verdict = checkAnswer(query, answerFor(query, answer), scratch);
  return verdict.kind === 'answer' ? verdict.strays : verdict.kind;
}

describe('the check of an answer', () => {
  it.each([
    ['an address of the name', ['a.example. 1 IN A 192.0.2.1'], []],
    [
      'a chain in any order',
      [
        'c.example. 1 IN A 192.0.2.1',
        'b.example. 1 IN CNAME c.example.',
        'a.example. 1 IN CNAME b.example.',
      ],
      [],
    ],
    ['letter case', ['A.Example. 1 IN CNAME B.example.', 'b.EXAMPLE. 1 IN A 192.0.2.1'], []],
    [
      'a name beside the chain',
      ['a.example. 1 IN A 192.0.2.1', 'x.example. 1 IN A 192.0.2.2'],
      [1],
    ],
    ['a name above', ['example. 1 IN A 192.0.2.1'], [0]],
    ['an alias that nobody asked for', ['x.example. 1 IN CNAME a.example.'], [0]],
    ['a DNAME beside the chain', ['b.net. 1 IN DNAME c.net.', 'a.example. 1 IN A 192.0.2.1'], [0]],
    [
      'a circle of aliases',
      ['a.example. 1 IN CNAME b.example.', 'b.example. 1 IN CNAME a.example.'],
      [],
    ],
  ])('sees %s', (_, answer, strays) => {
    expect(straysIn('a.example.', answer)).toEqual(strays);
  });

  it('follows sixteen names of a chain and takes what is behind for strays', () => {
    const chain = Array.from(
      { length: 20 },
      (_, i) => `n${i}.example. 1 IN CNAME n${i + 1}.example.`,
    );
    expect(straysIn('n0.example.', chain)).toEqual([16, 17, 18, 19]);
  });

  it('tells a question in another letter case from another question', () => {
    const query = queryFor('a-long-enough-name.example.', true);
    const folded = Uint8Array.from(query);
    for (let i = 12; i < 39; i++) {
      const octet = folded[i] ?? 0;
      // every letter turned around: surely not what was asked
      if (octet >= 0x41) folded[i] = octet ^ 0x20;
    }
    folded[2] = 0x80;
    expect(checkAnswer(query, folded, scratch).kind).toBe('wrong-case');
    folded[14] = 0x7a;
    folded[15] = 0x7a;
    expect(checkAnswer(query, folded, scratch).kind).toBe('wrong-question');
  });

  it('takes no query for an answer, and no answer with another type or opcode', () => {
    const query = queryFor('a.example.');
    expect(checkAnswer(query, query, scratch).kind).toBe('wrong-question');
    const other = answerFor(query, []);
    other[other.length - 26] = 28;
    expect(checkAnswer(query, other, scratch).kind).toBe('wrong-question');
    const notify = answerFor(query, []);
    notify[2] = 0xa0;
    expect(checkAnswer(query, notify, scratch).kind).toBe('wrong-question');
  });

  it('takes an error without a question, but no success without one', () => {
    const query = queryFor('a.example.');
    const header = new Uint8Array(12);
    header[2] = 0x80;
    header[3] = 1;
    expect(checkAnswer(query, header, scratch)).toEqual({ kind: 'rcode-only', rcode: 1 });
    header[3] = 3;
    expect(checkAnswer(query, header, scratch).kind).toBe('malformed');
  });

  it('never throws and never accepts what the decoder refuses, whatever octets are changed', () => {
    const query = queryFor('www.a.example.');
    const whole = answerFor(query, [
      'www.a.example. 1 IN CNAME b.example.',
      'b.example. 1 IN MX 10 mail.b.example.',
      'b.example. 1 IN SOA ns.b.example. h.b.example. 1 2 3 4 5',
      'b.example. 1 IN A 192.0.2.1',
    ]);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.nat(whole.length), (changes, cut) => {
        const bytes = whole.slice(0, changes.length === 0 ? cut : whole.length);
        for (const [at, octet] of changes) bytes[at] = octet;
        const verdict = checkAnswer(query, bytes, scratch);
        if (verdict.kind === 'answer') expect(decodeMessage(bytes)).toBeDefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it('costs little for long chains of pointers', () => {
    // 4,000 pointers in a row, and records that all begin at their end
    const pointers = 4_000;
    const bytes = new Uint8Array(17 + 2 * pointers + 3_000 * 12);
    bytes.set([0, 0, 0x80, 0, 0, 1, 0x0b, 0xb8]);
    bytes.set([0, 0, 1, 0, 1], 12);
    for (let i = 0; i < pointers; i++) {
      const target = i === 0 ? 12 : 17 + 2 * (i - 1);
      bytes.set([0xc0 | (target >> 8), target & 0xff], 17 + 2 * i);
    }
    expect(layoutOf(bytes, scratch)).toBeUndefined();
  });
});
