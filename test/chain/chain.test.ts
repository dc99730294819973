/** From a message's bytes over the server block's handlers to the reply's bytes. */
import { describe, expect, it } from 'vitest';
import { type Chain, createChain } from '../../src/chain/chain.js';
import type { Handler } from '../../src/chain/handler.js';
import type { Query, Trace } from '../../src/chain/query.js';
import { withQuestion } from '../../src/chain/query-parser.js';
import { DROP, recordsReply } from '../../src/chain/reply.js';
import type { PlannedBlock } from '../../src/corefile/plan.js';
import { type Logger, silentLogger } from '../../src/observe/logger.js';
import { decodeMessage } from '../../src/wire/message.js';
import { addresses, block, handler, queryBytes, TCP_CLIENT, UDP_CLIENT } from './queries.js';

interface Fixture {
  readonly blocks: readonly PlannedBlock[];
  readonly handlers: Readonly<Record<number, readonly Handler[]>>;
  readonly logger?: Logger;
}

function chain({ blocks, handlers, logger = silentLogger }: Fixture): Chain {
  return createChain({
    blocks,
    listener: { scheme: 'dns', port: 53 },
    handlersOf: (planned) => handlers[planned.index] ?? [],
    logger,
  });
}

/** A handler that answers with its own name as extended error, so that a test can tell who answered. */
function named(text: string): Handler {
  return handler(async () => recordsReply(0, { extendedError: { code: 0, text } }));
}

async function who(under: Chain, fields: Parameters<typeof queryBytes>[0]): Promise<string> {
  const reply = await under.resolve(queryBytes({ ...fields, edns: {} }), UDP_CLIENT);
  const option = decodeMessage(reply ?? new Uint8Array())?.edns?.options[0];
  return Buffer.from(option?.data.subarray(2) ?? []).toString();
}

async function rcode(under: Chain, bytes: Uint8Array, client = UDP_CLIENT): Promise<unknown> {
  const reply = await under.resolve(bytes, client);
  return reply && decodeMessage(reply)?.rcode;
}

const recording = (): { logger: Logger; lines: unknown[] } => {
  const lines: unknown[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (fields, text) => lines.push([text, fields['qname']]),
    child: () => logger,
  };
  return { logger, lines };
};

describe('the block of a query', () => {
  const under = chain({
    blocks: [
      block(0, ['.']),
      block(1, ['example.']),
      block(2, ['sub.example.', 'other.']),
      block(3, ['chaos.'], ['chaos']),
    ],
    handlers: { 0: [named('root')], 1: [named('example')], 2: [named('sub')], 3: [named('chaos')] },
  });

  it('is the one with the longest zone, whatever the letter case', async () => {
    expect(await who(under, { qname: 'a.SUB.example.' })).toBe('sub');
    expect(await who(under, { qname: 'sub.example.' })).toBe('sub');
    expect(await who(under, { qname: 'xsub.example.' })).toBe('example');
    expect(await who(under, { qname: 'other.' })).toBe('sub');
    expect(await who(under, { qname: 'org.' })).toBe('root');
    expect(await who(under, { qname: '.' })).toBe('root');
  });

  it("is the parent's for DS at the apex of a zone", async () => {
    expect(await who(under, { qname: 'sub.example.', qtype: 43 })).toBe('example');
    expect(await who(under, { qname: 'a.sub.example.', qtype: 43 })).toBe('sub');
    expect(await who(under, { qname: '.', qtype: 43 })).toBe('root');
  });

  it('serves class IN, and CH only where the chaos directive stands', async () => {
    expect(await who(under, { qname: 'version.chaos.', qclass: 3 })).toBe('chaos');
    for (const qclass of [0, 3, 4, 254, 255]) {
      expect(await rcode(under, queryBytes({ qclass }))).toBe(5);
    }
  });

  it('is missing for a name outside of all zones: REFUSED', async () => {
    const small = chain({ blocks: [block(0, ['example.'])], handlers: { 0: [named('x')] } });
    expect(await rcode(small, queryBytes({ qname: 'example.org.' }))).toBe(5);
  });

  it('is one on the port of the listener', async () => {
    const elsewhere = block(0, ['.']);
    const addresses53 = elsewhere.addresses.map((address) => ({ ...address, port: 54 }));
    const other = chain({
      blocks: [{ ...elsewhere, addresses: addresses53 }],
      handlers: { 0: [named('x')] },
    });
    expect(await rcode(other, queryBytes())).toBe(5);
  });
});

describe('the handlers of a block', () => {
  it('are asked in order, each with the query that the one before handed on', async () => {
    const seen: string[] = [];
    const rename = handler(async (query, next) => {
      seen.push(query.qname);
      return next(withQuestion(query, { qname: 'renamed.example.' }));
    });
    const last = handler(async (query) => {
      seen.push(query.qname, query.key);
      return recordsReply(0, { answer: addresses('web.example.', 1) });
    });
    const under = chain({ blocks: [block(0, ['.'])], handlers: { 0: [rename, last] } });
    const reply = await under.resolve(queryBytes({ qname: 'WEB.example.' }), UDP_CLIENT);
    expect(seen).toEqual(['WEB.example.', 'renamed.example.', 'renamed.example.']);
    expect(decodeMessage(reply ?? new Uint8Array())).toMatchObject({
      question: [{ qname: 'WEB.example.' }],
      answer: [{ owner: 'WEB.example.' }],
    });
  });

  it('end in SERVFAIL, and a block without handlers in REFUSED', async () => {
    const pass = handler((query, next) => next(query));
    const under = chain({
      blocks: [block(0, ['.']), block(1, ['empty.'])],
      handlers: { 0: [pass, pass] },
    });
    expect(await rcode(under, queryBytes())).toBe(2);
    expect(await rcode(under, queryBytes({ qname: 'empty.' }))).toBe(5);
  });

  it('may leave a query without reply', async () => {
    const under = chain({
      blocks: [block(0, ['.'])],
      handlers: { 0: [handler(async () => DROP)] },
    });
    expect(await under.resolve(queryBytes(), UDP_CLIENT)).toBeUndefined();
  });

  it.each([
    ['rejects', async () => Promise.reject(new Error('broken'))],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
  ])('turn into SERVFAIL and one line in the log when one %s', async (_how, handle) => {
    const { logger, lines } = recording();
    const pass = handler((query, next) => next(query));
    const under = chain({
      blocks: [block(0, ['.'])],
      handlers: { 0: [pass, handler(handle)] },
      logger,
    });
    expect(await rcode(under, queryBytes())).toBe(2);
    expect(lines).toEqual([['a directive failed', 'web.example.']]);
  });

  it('turn into SERVFAIL when their records cannot be written', async () => {
    const { logger, lines } = recording();
    const bad = handler(async () => recordsReply(0, { answer: addresses('a..b.', 1) }));
    const under = chain({ blocks: [block(0, ['.'])], handlers: { 0: [bad] }, logger });
    expect(await rcode(under, queryBytes())).toBe(2);
    expect(lines).toHaveLength(1);
  });

  it('may ask the server itself, ten times in a row and no more', async () => {
    let asked = 0;
    const under: Chain = chain({
      blocks: [block(0, ['.'])],
      handlers: {
        0: [
          handler((query) => {
            asked += 1;
            return under.ask(withQuestion(query, { qname: `a${asked}.example.` }));
          }),
        ],
      },
    });
    expect(await rcode(under, queryBytes())).toBe(2);
    expect(asked).toBe(11);
  });

  it('leave their steps in the trace', async () => {
    const steps: string[] = [];
    const trace: Trace = { step: (room, what) => steps.push(`${room}: ${what}`) };
    const under = chain({
      blocks: [block(0, ['.'])],
      handlers: { 0: [handler((query, next) => next(query), 'log'), named('x')] },
    });
    await under.resolve(queryBytes(), UDP_CLIENT, trace);
    expect(steps).toEqual(['chain: server block', 'chain: log', 'chain: fixed']);
  });
});

describe('a question that no handler sees', () => {
  const seen: Query[] = [];
  const under = chain({
    blocks: [block(0, ['.']), block(1, ['moved.'], ['transfer'])],
    handlers: {
      0: [
        handler(async (query) => {
          seen.push(query);
          return recordsReply(0);
        }),
      ],
      1: [handler(async () => recordsReply(0))],
    },
  });

  it('is one of another EDNS version: BADVERS in an OPT record of version 0', async () => {
    const bytes = queryBytes({ edns: { version: 1 }, qclass: 3 });
    const reply = decodeMessage((await under.resolve(bytes, UDP_CLIENT)) ?? new Uint8Array());
    expect(reply?.rcode).toBe(16);
    expect(reply?.edns?.version).toBe(0);
  });

  it('is one for OPT, for a zone transfer without the directive, for AXFR over UDP', async () => {
    expect(await rcode(under, queryBytes({ qtype: 41 }))).toBe(1);
    expect(await rcode(under, queryBytes({ qtype: 252 }), TCP_CLIENT)).toBe(5);
    expect(await rcode(under, queryBytes({ qtype: 251 }))).toBe(5);
    expect(await rcode(under, queryBytes({ qname: 'moved.', qtype: 252 }))).toBe(5);
    expect(await rcode(under, queryBytes({ qname: 'moved.', qtype: 252 }), TCP_CLIENT)).toBe(0);
    expect(await rcode(under, queryBytes({ qname: 'moved.', qtype: 251 }))).toBe(0);
    expect(seen).toEqual([]);
  });

  it('is one whose EDNS options are broken: FORMERR with the question', async () => {
    const bytes = queryBytes({ edns: { options: [{ code: 3, data: Uint8Array.of(1) }] } });
    bytes[bytes.length - 2] = 9;
    const reply = decodeMessage((await under.resolve(bytes, UDP_CLIENT)) ?? new Uint8Array());
    expect(reply).toMatchObject({ rcode: 1, question: [{ qname: 'web.example.' }] });
  });
});
