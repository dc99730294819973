/** The order of addresses that clients see. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DROP, recordsReply } from '../../../src/chain/reply.js';
import { recordFromText, recordToText } from '../../../src/dns/record-text.js';
import { loadbalanceHandler } from '../../../src/plugins/loadbalance/handler.js';
import { encodeMessage, message } from '../../../src/wire/message.js';
import { query } from '../../chain/queries.js';
import { type BlockUnderTest, serverBlock } from '../server-block.js';
import { ZoneUpstream } from '../zone-upstream.js';

const FOUR = ['10.0.0.1', '10.1.0.1', '10.2.0.1', '10.3.0.1'];

let upstream: ZoneUpstream;
let under: BlockUnderTest | undefined;

beforeAll(async () => {
  upstream = await ZoneUpstream.open(
    [
      ...FOUR.map((address) => `four.org. 300 IN A ${address}`),
      ...[1, 2, 3].map((n) => `six.org. 300 IN AAAA 2001:db8::${n}`),
      'alias.org. 60 IN CNAME four.org.',
      'mx.org. 60 IN MX 10 a.mx.org.',
      'mx.org. 60 IN MX 10 b.mx.org.',
      'mx.org. 60 IN MX 10 c.mx.org.',
      'srv.org. 60 IN SRV 0 0 1 a.mx.org.',
      'srv.org. 60 IN SRV 0 0 2 a.mx.org.',
    ],
    { 'mx.org.': { additional: FOUR.map((address) => `a.mx.org. 60 IN A ${address}`) } },
  );
});
afterAll(() => upstream.close());
afterEach(() => under?.close());

/** A generator with a seed, so that counts are the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function orders(question: string, times: number): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  for (let i = 0; i < times; i++) {
    const reply = await under?.ask(question);
    const order = (reply?.answer ?? []).map((record) => recordToText(record).split(' ').at(-1));
    const key = order.join(' ');
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  return seen;
}

describe('addresses', () => {
  it.each([
    ['of the cache', 'cache'],
    ['of records', `hosts /nowhere {\n${FOUR.map((a) => `${a} four.org`).join('\n')}\n}`],
  ])('%s come in every order, each as often', async (_, body) => {
    under = serverBlock(`loadbalance\n${body}\nforward . ${upstream.address}`, {
      random: seeded(7),
    });
    const seen = await orders('four.org', 1200);
    expect(seen.size).toBe(24);
    // 50 each; five standard deviations
    for (const count of seen.values()) expect(Math.abs(count - 50)).toBeLessThan(35);
  });

  it('of both families, and behind an alias, are balanced', async () => {
    under = serverBlock(`loadbalance round_robin\nforward . ${upstream.address}`);
    expect((await orders('six.org AAAA', 60)).size).toBe(6);
    const aliased = await orders('alias.org', 40);
    expect(aliased.size).toBeGreaterThan(6);
    for (const order of aliased.keys()) expect(order.startsWith('four.org. ')).toBe(true);
  });

  it('in preferred networks come first, in the order of the networks', async () => {
    under = serverBlock(
      `loadbalance {\n prefer 10.2.0.0/16 10.1.0.0/16\n}\nforward . ${upstream.address}`,
    );
    expect([...(await orders('four.org', 30)).keys()].sort()).toEqual([
      '10.2.0.1 10.1.0.1 10.0.0.1 10.3.0.1',
      '10.2.0.1 10.1.0.1 10.3.0.1 10.0.0.1',
    ]);
  });
});

describe('other records', () => {
  it('for mail are balanced, with the addresses behind them', async () => {
    under = serverBlock(`loadbalance\nforward . ${upstream.address}`);
    expect((await orders('mx.org MX', 60)).size).toBe(6);
    const additional = new Set<string>();
    for (let i = 0; i < 30; i++) {
      const reply = await under.ask('mx.org MX');
      expect(reply?.additional).toHaveLength(4);
      additional.add(JSON.stringify(reply?.additional.map(({ rdata }) => [...rdata])));
    }
    expect(additional.size).toBeGreaterThan(3);
  });

  it('stay as they came', async () => {
    under = serverBlock(`loadbalance\nforward . ${upstream.address}`);
    expect((await orders('srv.org SRV', 10)).size).toBe(1);
  });
});

describe('a reply', () => {
  const handler = loadbalanceHandler({ policy: 'round_robin', prefer: [] }, { random: () => 0 });
  const asked = query({ qname: 'a.example.' });
  const records = [
    'b.example. 60 IN A 10.0.0.1',
    'b.example. 60 IN A 10.0.0.2',
    'a.example. 60 IN CNAME b.example.',
  ].map((line) => recordFromText(line));

  it.each(['records', 'bytes'])('as %s has its aliases in front', async (form) => {
    const reply =
      form === 'records'
        ? recordsReply(0, { answer: records })
        : ({
            kind: 'bytes',
            bytes: encodeMessage(
              message({ id: 1, response: true, question: [asked], answer: records }),
            ),
          } as const);
    const balanced = await handler.handle(asked, async () => reply);
    expect(balanced.kind === 'records' && balanced.answer.map(({ type }) => type)).toEqual([
      5, 1, 1,
    ]);
  });

  it('as bytes is not changed for others who hold it', async () => {
    const answer = records.slice(0, 2);
    const bytes = encodeMessage(message({ id: 1, response: true, question: [asked], answer }));
    const before = Uint8Array.from(bytes);
    const balanced = await handler.handle(asked, async () => ({ kind: 'bytes', bytes }));
    expect(bytes).toEqual(before);
    expect(balanced).not.toEqual({ kind: 'bytes', bytes: before });
  });

  it('that is none, or malformed, passes', async () => {
    expect(await handler.handle(asked, async () => DROP)).toBe(DROP);
    const broken = { kind: 'bytes', bytes: Uint8Array.of(1, 2, 3) } as const;
    expect(await handler.handle(asked, async () => broken)).toBe(broken);
  });

  it('of a zone transfer keeps its order', async () => {
    const reply = recordsReply(0, { answer: records });
    expect(await handler.handle(query({ qtype: 252 }), async () => reply)).toBe(reply);
  });
});
