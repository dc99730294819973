/** Random and mutated messages at the packet door: never an exception, never a reply that breaks a rule. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/chain/query.js';
import type { Answerer } from '../../src/listen/answerer.js';
import { decodeMessage } from '../../src/wire/message.js';
import { QueryScan, SCAN_OK, scanQuery } from '../../src/wire/query-scan.js';
import { ask, chainAnswerer, fastAnswerer } from '../malformed/answerers.js';
import { readPackets } from '../malformed/packet-files.js';
import { checkReply, describeReply } from '../malformed/reply-rules.js';

/** Mulberry32: small, seeded, good enough to mutate octets. */
function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Values at which lengths, counts, pointers and types change their meaning. */
const SHARP = [
  0, 1, 2, 3, 12, 40, 41, 63, 64, 65, 127, 128, 191, 192, 193, 250, 251, 252, 254, 255,
];

type Mutation = (bytes: number[], random: (below: number) => number) => void;

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
  },
  (bytes, random) => {
    bytes[random(bytes.length)] = SHARP[random(SHARP.length)] ?? 0;
  },
  (bytes, random) => {
    bytes.splice(random(bytes.length), 1 + random(4));
  },
  (bytes, random) => {
    bytes.splice(random(bytes.length), 0, SHARP[random(SHARP.length)] ?? 0, random(256));
  },
  (bytes, random) => {
    bytes.length = random(bytes.length + 1);
  },
  (bytes, random) => {
    const from = random(bytes.length);
    bytes.splice(random(bytes.length), 0, ...bytes.slice(from, from + 1 + random(40)));
  },
  (bytes, random) => {
    // one of the counts
    bytes[5 + 2 * random(4)] = random(4);
  },
];

function mutate(from: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = [...from];
  const times = 1 + random(3);
  for (let i = 0; i < times && bytes.length > 0; i++) {
    MUTATIONS[random(MUTATIONS.length)]?.(bytes, random);
  }
  return Uint8Array.from(bytes);
}

/** Asks and holds the reply against the rules; the message is in the error. */
async function check(answerer: Answerer, bytes: Uint8Array, transport: Transport): Promise<void> {
  try {
    const reply = await ask(answerer, bytes, transport);
    if (reply !== undefined) checkReply(bytes, reply, transport === 'udp' ? 1232 : 65_535);
    else if (bytes.length >= 12 && (bytes[2]! & 0x80) === 0)
      throw new Error('a query got no reply');
  } catch (cause) {
    throw new Error(`${transport} ${Buffer.from(bytes).toString('hex')}`, { cause });
  }
}

const SEEDS = readPackets().map(({ octets }) => octets);

describe('the packet door', () => {
  it.each<[string, Answerer, Transport]>([
    ['the table in front of the chain, UDP', fastAnswerer('udp'), 'udp'],
    ['the table in front of the chain, TCP', fastAnswerer('tcp'), 'tcp'],
    ['the chain alone', chainAnswerer(), 'udp'],
  ])('keeps its rules for 70,000 mutated messages: %s', async (_way, answerer, transport) => {
    const random = randomSource(0x5eed);
    for (let i = 0; i < 70_000; i++) {
      const seed = SEEDS[random(SEEDS.length)];
      if (seed !== undefined) await check(answerer, mutate(seed, random), transport);
    }
  });

  it('gives the same reply with and without the table in front of the chain', async () => {
    const random = randomSource(3);
    const [fast, slow] = [fastAnswerer('udp'), chainAnswerer()];
    for (let i = 0; i < 40_000; i++) {
      const bytes = mutate(SEEDS[random(SEEDS.length)] ?? new Uint8Array(), random);
      const [one, two] = [await ask(fast, bytes, 'udp'), await ask(slow, bytes, 'udp')];
      const inWords = [one, two].map((reply) => describeReply(reply && decodeMessage(reply)));
      // the table answers without a look into EDNS options, and knows no types that can't be asked for
      if (inWords[1]?.startsWith('FORMERR, question') === true) continue;
      expect(inWords[0], Buffer.from(bytes).toString('hex')).toBe(inWords[1]);
    }
  });

  it('keeps its rules for random octets and for random records behind a question', async () => {
    const answerer = fastAnswerer('udp');
    const question = fc.constant([...(SEEDS.at(-1) ?? [])].slice(12, 29));
    const header = fc
      .tuple(
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }),
      )
      .map(([start, counts]) => [...start, 0, 1, ...counts.flatMap((count) => [0, count])]);
    const structured = fc
      .tuple(header, question, fc.uint8Array({ maxLength: 60 }))
      .map(([head, asked, rest]) => Uint8Array.from([...head, ...asked, ...rest]));
    await fc.assert(
      fc.asyncProperty(fc.oneof(structured, fc.uint8Array({ maxLength: 600 })), (bytes) =>
        check(answerer, bytes, 'udp'),
      ),
      { numRuns: 5000, seed: 0x5eed },
    );
  });

  it('scans a message inside a larger buffer without looking outside of it', () => {
    const random = randomSource(7);
    const [alone, inside] = [new QueryScan(), new QueryScan()];
    for (let i = 0; i < 20_000; i++) {
      const bytes = mutate(SEEDS[random(SEEDS.length)] ?? new Uint8Array(), random);
      const start = random(20);
      const buffer = new Uint8Array(start + bytes.length + 40).fill(random(256));
      buffer.set(bytes, start);
      const result = scanQuery(bytes, 0, bytes.length, alone);
      expect(scanQuery(buffer, start, bytes.length, inside)).toBe(result);
      if (result === SCAN_OK) expect(inside).toEqual(alone);
    }
  });

  it('decodes whatever it decodes without exception, and never reads a name of more than 255 octets', () => {
    const random = randomSource(11);
    for (let i = 0; i < 40_000; i++) {
      const decoded = decodeMessage(
        mutate(SEEDS[random(SEEDS.length)] ?? new Uint8Array(), random),
      );
      for (const { qname } of decoded?.question ?? []) expect(qname.length).toBeLessThan(1020);
    }
  });
});
