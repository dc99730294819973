/** Decoding and encoding of whole messages. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameToWire } from '../../src/dns/name.js';
import type { ResourceRecord } from '../../src/dns/resource-record.js';
import { decodeMessage, encodeMessage, message } from '../../src/wire/message.js';

const IN = 1;

function record(owner: string, type: number, rdata: Uint8Array, ttl = 5): ResourceRecord {
  return { owner, type, class: IN, ttl, rdata };
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s+/g, ''), 'hex'));
}

function bytes(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const QUESTION = { qname: 'a.example.', qtype: 1, qclass: IN };

describe('encodeMessage', () => {
  it('points repeated owner names at their first place', () => {
    const encoded = encodeMessage(
      message({
        id: 1,
        response: true,
        question: [QUESTION],
        answer: [
          record('a.example.', 1, hex('c0000201')),
          record('b.example.', 1, hex('c0000202')),
        ],
      }),
    );
    expect(Buffer.from(encoded).toString('hex')).toBe(
      '000180000001000200000000' +
        '0161076578616d706c650000010001' +
        'c00c000100010000000500' +
        '04c0000201' +
        '0162c00e000100010000000500' +
        '04c0000202',
    );
  });

  it('compresses the names of RFC 1035 types only, so an SRV target stands in full', () => {
    const target = nameToWire('a.example.');
    const srv = encodeMessage(
      message({
        id: 1,
        question: [QUESTION],
        answer: [record('a.example.', 33, bytes([0, 0, 0, 1, 0, 80], target))],
      }),
    );
    const cname = encodeMessage(
      message({ id: 1, question: [QUESTION], answer: [record('x.example.', 5, target)] }),
    );
    expect(Buffer.from(srv).includes(Buffer.from(target), 30)).toBe(true);
    expect(Buffer.from(cname.subarray(-4)).toString('hex')).toBe('0002c00c');
  });

  it('keeps the letter case of every name', () => {
    const decoded = decodeMessage(
      encodeMessage(
        message({
          id: 1,
          question: [QUESTION],
          answer: [record('A.exAmple.', 5, nameToWire('a.EXAMPLE.'))],
        }),
      ),
    );
    expect(decoded?.answer[0]?.owner).toBe('A.exAmple.');
    expect(decoded?.answer[0]?.rdata).toEqual(nameToWire('a.EXAMPLE.'));
  });

  it('throws when the message is longer than its limit', () => {
    const answer = [record('a.example.', 1, hex('c0000201'))];
    expect(() => encodeMessage(message({ id: 1, question: [QUESTION], answer }), 40)).toThrow(
      RangeError,
    );
  });

  it('writes names beyond the reach of a pointer in full and still decodes', () => {
    const answer = Array.from({ length: 1500 }, (_, i) =>
      record(`n${i}.zone${i}.example.`, 5, nameToWire(`t${i}.zone${i}.example.`)),
    );
    const encoded = encodeMessage(message({ id: 9, question: [QUESTION], answer }));
    expect(encoded.length).toBeGreaterThan(0x4000);
    expect(decodeMessage(encoded)?.answer).toEqual(answer);
  });
});

const label = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((octets) => [octets.length, ...octets]);
const wireName = fc
  .array(label, { maxLength: 5 })
  .map((labels) => Uint8Array.from([...labels.flat(), 0]));

describe('decodeMessage', () => {
  it('gives back what encodeMessage was given, whatever the names', () => {
    const owner = fc.constantFrom('.', 'a.', 'A.', 'a.b.', 'c.a.b.', 'x\\.y.b.', '\\000.b.');
    const named = fc.record({
      owner,
      ttl: fc.integer({ min: 0, max: 0x7fffffff }),
      type: fc.constantFrom(2, 5, 12, 39),
      rdata: wireName,
    });
    fc.assert(
      fc.property(fc.array(named, { maxLength: 12 }), fc.nat(0xffff), (records, id) => {
        const answer = records.map((fields) => ({ ...fields, class: IN }));
        const sent = message({
          id,
          question: [QUESTION],
          answer,
          authority: answer,
          additional: answer,
          rcode: 23,
          edns: { udpSize: 1232, version: 0, dnssecOk: true, options: [] },
        });
        expect(decodeMessage(encodeMessage(sent))).toEqual(sent);
      }),
    );
  });

  it('writes out the names in record data, also in types that should not compress them', () => {
    const head = '0001800000010001000000000161076578616d706c650000010001';
    const srv = hex(`${head}c00c0021000100000005 0008 000000010050c00c`);
    expect(decodeMessage(srv)?.answer[0]?.rdata).toEqual(
      bytes([0, 0, 0, 1, 0, 80], nameToWire('a.example.')),
    );
  });

  it.each([
    [
      'a record that the counts announce and the octets lack',
      '00018000000100010000000001610000010001',
    ],
    ['a name that points at itself', '000180000001000000000000c00c00010001'],
    ['a name that points forward', '000180000001000000000000c0100001000101610000'],
    ['a name that points into the header', '000180000001000000000000c00000010001'],
    ['a label of the reserved kinds', '0001800000010000000000004161000001000100'],
    [
      'an A record of five octets',
      '000180000001000100000000016100000100010161000001000100000005000501020304 05',
    ],
    [
      'a name that does not fill its data',
      '00018000000100010000000001610000010001016100000500010000000500040161 0000',
    ],
    [
      'a second OPT record',
      '00018000000100000000000201610000010001 0000290200000000000000 0000290200000000000000',
    ],
    [
      'an OPT record among the answers',
      '00018000000100010000000001610000010001 0000290200000000000000',
    ],
    [
      'an OPT record with a name',
      '00018000000100000000000101610000010001 01610000290200000000000000',
    ],
    [
      'an option longer than its OPT record',
      '00018000000100000000000101610000010001 000029020000000000000400030005',
    ],
    ['less than a header', '0001800000010000000000'],
  ])('refuses %s', (_what, text) => {
    expect(decodeMessage(hex(text))).toBeUndefined();
  });

  it('passes over octets behind the last record', () => {
    expect(decodeMessage(hex('000100000001000000000000016100000100 01ffffff'))?.question).toEqual([
      { qname: 'a.', qtype: 1, qclass: 1 },
    ]);
  });

  it('takes a TTL with its top bit set as 0', () => {
    const text = '000180000001000100000000016100000100010161000001000180000001000401020304';
    expect(decodeMessage(hex(text))?.answer[0]?.ttl).toBe(0);
  });

  it('refuses thousands of pointers in a row instead of following them record by record', () => {
    // a question of one label, then an opaque record that holds the chain, then records that use it
    const head = hex('00018000000100020000000001610000010001');
    const at = head.length + 11;
    const hops = Array.from({ length: 8000 }, (_, i) => {
      const target = i === 0 ? 12 : at + 2 * (i - 1);
      return [0xc0 | (target >> 8), target & 0xff];
    }).flat();
    const holder = bytes(
      [0, 0xff, 0x01, 0, 1, 0, 0, 0, 5, hops.length >> 8, hops.length & 0xff],
      hops,
    );
    const last = at + hops.length - 2;
    const user = [0xc0 | (last >> 8), last & 0xff, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 1, 2, 3, 4];
    expect(decodeMessage(bytes(head, holder, user))).toBeUndefined();
  });

  it('never throws for random octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (random) => {
        random[4] = 0;
        decodeMessage(random);
        return true;
      }),
      { numRuns: 2000 },
    );
  });
});
