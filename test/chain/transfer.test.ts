/** Replies of several messages. */
import { describe, expect, it } from 'vitest';
import { type Chain, createChain } from '../../src/chain/chain.js';
import type { MessageSink } from '../../src/chain/message-sink.js';
import { recordsReply } from '../../src/chain/reply.js';
import type { ResourceRecord } from '../../src/dns/resource-record.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { silentLogger } from '../../src/observe/logger.js';
import { decodeMessage, type Message } from '../../src/wire/message.js';
import { addresses, block, handler, queryBytes, record, TCP_CLIENT } from './queries.js';

const ZONE = 'example.';
const AXFR = { qname: ZONE, qtype: RRTYPE.AXFR };
const first = record(ZONE, 16, [1, 0x61]);

function chainOf(rest: () => AsyncIterable<readonly ResourceRecord[]>): Chain {
  const transfer = handler(async () =>
    recordsReply(0, { authoritative: true, answer: [first], rest: rest() }),
  );
  return createChain({
    blocks: [block(0, ['.'], ['transfer'])],
    listener: { scheme: 'dns', port: 53 },
    handlersOf: () => [transfer],
    logger: silentLogger,
  });
}

class Gathered implements MessageSink {
  readonly messages: Message[] = [];
  aborted = false;

  async send(bytes: Uint8Array): Promise<void> {
    expect(bytes.length).toBeLessThanOrEqual(63_000);
    const decoded = decodeMessage(bytes);
    if (decoded === undefined) throw new Error('no message');
    this.messages.push(decoded);
  }

  abort(): void {
    this.aborted = true;
  }
}

describe('a reply with more behind its answer', () => {
  it('becomes full messages and a last one, each with the question, its flags and OPT', async () => {
    const sets = Array.from({ length: 9 }, (_, i) => addresses(`a${i}.example.`, 1_000));
    const under = chainOf(async function* () {
      yield* sets;
    });
    const sink = new Gathered();
    const query = queryBytes({ ...AXFR, id: 99, edns: { udpSize: 512 } });
    const last = await under.resolve(query, TCP_CLIENT, undefined, sink);
    const all = [...sink.messages, decodeMessage(last ?? new Uint8Array())];
    expect(all.length).toBeGreaterThan(2);
    for (const message of all) {
      expect(message).toMatchObject({ id: 99, response: true, authoritative: true, rcode: 0 });
      expect(message?.question).toEqual([{ ...AXFR, qclass: 1 }]);
      expect(message?.edns?.version).toBe(0);
    }
    expect(all.flatMap((message) => message?.answer)).toEqual([first, ...sets.flat()]);
    expect(sink.aborted).toBe(false);
  });

  it('is refused where only one message can be sent', async () => {
    const under = chainOf(async function* () {});
    const reply = await under.resolve(queryBytes(AXFR), TCP_CLIENT);
    expect(decodeMessage(reply ?? new Uint8Array())).toMatchObject({ rcode: 5, answer: [] });
  });

  it('is broken off, not ended, when its records cannot be had', async () => {
    const under = chainOf(async function* () {
      yield addresses('a.example.', 5_000);
      throw new Error('gone');
    });
    const sink = new Gathered();
    expect(await under.resolve(queryBytes(AXFR), TCP_CLIENT, undefined, sink)).toBeUndefined();
    expect(sink.aborted).toBe(true);
  });

  it('is left when the client has gone', async () => {
    let left = false;
    const under = chainOf(async function* () {
      try {
        for (;;) yield addresses('a.example.', 1_000);
      } finally {
        left = true;
      }
    });
    const sink: MessageSink = { send: () => Promise.reject(new Error('gone')), abort() {} };
    expect(await under.resolve(queryBytes(AXFR), TCP_CLIENT, undefined, sink)).toBeUndefined();
    expect(left).toBe(true);
  });
});
