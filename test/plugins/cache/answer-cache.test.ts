import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordFromText, recordToText } from '../../../src/dns/record-text.js';
import { AnswerCache } from '../../../src/plugins/cache/answer-cache.js';
import {
  CACHE_MISS,
  CACHE_NEEDS_HANDLER,
  questionHash,
} from '../../../src/plugins/cache/byte-cache.js';
import { CACHE_DEFAULTS, type CacheOptions } from '../../../src/plugins/cache/options.js';
import { decodeMessage, type Message } from '../../../src/wire/message.js';
import { QueryScan, scanQuery } from '../../../src/wire/query-scan.js';
import { answerTo, keyFor, queryFor } from './answers.js';

const place = { file: 'Corefile', line: 1 };

function optionsWith(changes: Partial<CacheOptions> = {}): CacheOptions {
  const share = { capacity: 1_000, maxTtl: 3_600, minTtl: 0 };
  return {
    zones: ['.'],
    success: share,
    denial: share,
    stale: CACHE_DEFAULTS.stale,
    servfailSeconds: 5,
    disableSuccess: [],
    disableDenial: [],
    keepTtl: false,
    place,
    ...changes,
  };
}

function cacheWith(changes: Partial<CacheOptions> = {}): AnswerCache & { evicted: () => number } {
  let evicted = 0;
  const cache = new AnswerCache(optionsWith(changes), {
    onEvict: () => {
      evicted += 1;
    },
    onSize: () => {},
  });
  return Object.assign(cache, { evicted: () => evicted });
}

const ANY_KIND = (): boolean => true;
const store = (cache: AnswerCache, question: string, bytes: Uint8Array, now = 100): boolean =>
  cache.store(keyFor(question), bytes, now, ANY_KIND);

/** The way of a data worker: scan, look up, write. */
function fastAnswer(cache: AnswerCache, question: string, now: number): Message | number {
  const query = queryFor(question);
  const scan = new QueryScan();
  scanQuery(query, 0, query.length, scan);
  const nameHash = scan.prefixHash[scan.labelCount] ?? 0;
  const hash = questionHash(nameHash, scan.qtype, scan.qclass, 0);
  const { folded, qnameLength, qtype, qclass } = scan;
  const handle = cache.lookup(folded, qnameLength, qtype, qclass, 0, hash, now);
  if (handle < 0) return handle;
  const out = new Uint8Array(20_000);
  const length = cache.write(handle, query, 0, scan.questionEnd, now, out, 7, 19_000);
  return decodeMessage(out.subarray(7, 7 + length)) ?? Number.NaN;
}

const lines = (message: Message | number): readonly string[] =>
  typeof message === 'number' ? [String(message)] : message.answer.map(recordToText);

describe('the fast way through the cache', () => {
  it('gives a whole reply in the letter case of the asker, TTLs counted down', () => {
    const cache = cacheWith();
    store(
      cache,
      'www.example.org. A',
      answerTo('wWW.example.ORG. A', [
        'wWW.example.ORG. 300 IN CNAME web.example.org.',
        'web.example.org. 60 IN A 192.0.2.1',
      ]),
    );
    const reply = fastAnswer(cache, 'Www.Example.Org. A', 110);
    expect(reply).toMatchObject({
      id: 0x1234,
      response: true,
      recursionDesired: true,
      recursionAvailable: true,
      question: [{ qname: 'Www.Example.Org.', qtype: 1, qclass: 1 }],
    });
    expect(lines(reply)).toEqual([
      'Www.Example.Org. 290 IN CNAME web.example.org.',
      'web.example.org. 50 IN A 192.0.2.1',
    ]);
  });

  it('says miss for what it does not hold, and leaves what is expired to the handler', () => {
    const cache = cacheWith();
    store(
      cache,
      'www.example.org. A',
      answerTo('www.example.org. A', ['www.example.org. 60 IN A 192.0.2.1']),
    );
    expect(fastAnswer(cache, 'www.example.org. AAAA', 100)).toBe(CACHE_MISS);
    expect(fastAnswer(cache, 'ww.example.org. A', 100)).toBe(CACHE_MISS);
    expect(lines(fastAnswer(cache, 'www.example.org. A', 159))).toHaveLength(1);
    expect(fastAnswer(cache, 'www.example.org. A', 160)).toBe(CACHE_NEEDS_HANDLER);
    expect(fastAnswer(cache, 'www.example.org. A', 160 + 3_600)).toBe(CACHE_MISS);
  });

  it('writes nothing where there is no room', () => {
    const cache = cacheWith();
    store(
      cache,
      'www.example.org. A',
      answerTo('www.example.org. A', ['www.example.org. 60 IN A 192.0.2.1']),
    );
    const query = queryFor('www.example.org. A');
    const { qname, qtype, qclass, flags, hash } = keyFor('www.example.org. A');
    const handle = cache.lookup(qname, qname.length, qtype, qclass, flags, hash, 100);
    const out = new Uint8Array(100).fill(0xee);
    expect(cache.write(handle, query, 0, query.length, 100, out, 0, query.length + 15)).toBe(0);
    expect(out).toEqual(new Uint8Array(100).fill(0xee));
    expect(cache.write(handle, query, 0, query.length, 100, out, 0, query.length + 16)).toBe(
      query.length + 16,
    );
  });

  it('leaves the heap as it is', () => {
    const cache = cacheWith();
    store(
      cache,
      'www.example.org. A',
      answerTo('www.example.org. A', ['www.example.org. 60 IN A 192.0.2.1']),
    );
    const query = queryFor('www.example.org. A');
    const scan = new QueryScan();
    const out = new Uint8Array(512);
    const once = (): number => {
      scanQuery(query, 0, query.length, scan);
      const hash = questionHash(scan.prefixHash[scan.labelCount] ?? 0, scan.qtype, scan.qclass, 0);
      const { folded, qnameLength, qtype, qclass } = scan;
      const handle = cache.lookup(folded, qnameLength, qtype, qclass, 0, hash, 100);
      return cache.write(handle, query, 0, scan.questionEnd, 100, out, 0, 512);
    };
    for (let i = 0; i < 50_000; i++) once();
    const before = process.memoryUsage().heapUsed;
    let written = 0;
    for (let i = 0; i < 100_000; i++) written += once();
    const grown = process.memoryUsage().heapUsed - before;
    expect(written).toBe(100_000 * (query.length + 16));
    // one object a query would be millions of octets
    expect(grown).toBeLessThan(1_000_000);
  });
});

describe('what is kept', () => {
  it('holds no more entries than its capacity, in whole sets, and counts what made room', () => {
    const cache = cacheWith({ success: { capacity: 64, maxTtl: 3_600, minTtl: 0 } });
    for (let i = 0; i < 500; i++) {
      store(
        cache,
        `n${i}.example. A`,
        answerTo(`n${i}.example. A`, [`n${i}.example. 60 IN A 192.0.2.1`]),
      );
    }
    expect(cache.size).toBeLessThanOrEqual(64);
    expect(cache.size).toBeGreaterThan(48);
    expect(cache.evicted()).toBe(500 - cache.size);
  });

  it('holds no more octets than a bound that follows the capacity', () => {
    const cache = cacheWith({ success: { capacity: 1_024, maxTtl: 3_600, minTtl: 0 } });
    const long = `"${'x'.repeat(250)}"`;
    for (let i = 0; i < 200; i++) {
      const text = Array.from({ length: 40 }, (_, n) => `t${i}.example. 60 IN TXT ${long} "${n}"`);
      store(cache, `t${i}.example. TXT`, answerTo(`t${i}.example. TXT`, text));
    }
    expect(cache.bytes).toBeLessThanOrEqual(1 << 20);
    expect(cache.size).toBeGreaterThan(50);
    expect(lines(fastAnswer(cache, 't199.example. TXT', 100))).toHaveLength(40);
  });

  it('keeps what is used when room is needed', () => {
    const cache = cacheWith({ success: { capacity: 16, maxTtl: 3_600, minTtl: 0 } });
    store(
      cache,
      'used.example. A',
      answerTo('used.example. A', ['used.example. 60 IN A 192.0.2.9']),
    );
    for (let i = 0; i < 200; i++) {
      store(
        cache,
        `n${i}.example. A`,
        answerTo(`n${i}.example. A`, [`n${i}.example. 60 IN A 192.0.2.1`]),
      );
      expect(lines(fastAnswer(cache, 'used.example. A', 100))).toEqual([
        'used.example. 60 IN A 192.0.2.9',
      ]);
    }
  });

  it('puts pointers for owners that an upstream spelled out, and drops its OPT wherever it stands', () => {
    const cache = cacheWith();
    const whole = answerTo('www.example.org. A', ['www.example.org. 60 IN A 192.0.2.1']);
    const questionEnd = queryFor('www.example.org. A').length;
    // header and question, the record with its owner in full, OPT in front of another record
    const owner = whole.subarray(12, questionEnd - 4);
    const record = whole.subarray(questionEnd + 2);
    const opt = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
    const bytes = Uint8Array.from([
      ...whole.subarray(0, questionEnd),
      ...owner,
      ...record,
      ...opt,
      ...owner,
      ...record,
    ]);
    bytes[11] = 2;
    store(cache, 'www.example.org. A', bytes);
    const reply = fastAnswer(cache, 'WWW.example.org. A', 100);
    expect(lines(reply)).toEqual(['WWW.example.org. 60 IN A 192.0.2.1']);
    expect(reply).toMatchObject({ additional: [{ owner: 'WWW.example.org.' }] });
  });

  it('is the answer of the upstream, for records of any kind', () => {
    const record = fc.oneof(
      fc.ipV4().map((address) => `A ${address}`),
      fc.ipV6().map((address) => `AAAA ${address}`),
      fc.domain().map((name) => `MX 10 ${name}.`),
      fc.domain().map((name) => `SRV 0 10 53 ${name}.`),
      fc.stringMatching(/^[a-z0-9]{0,60}$/).map((text) => `TXT "${text}"`),
      fc.constant('CAA 0 issue "ca.example"'),
      fc.constant('SOA ns.example.org. host.example.org. 1 2 3 4 5'),
      fc.constant('HTTPS 1 . alpn="h2"'),
    );
    const owner = fc.constantFrom(
      'www.example.org.',
      'example.org.',
      'a.www.example.org.',
      'b.net.',
    );
    const line = fc
      .tuple(owner, fc.integer({ min: 1, max: 3_600 }), record)
      .map(([name, ttl, data]) => `${name} ${ttl} IN ${data}`);
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.array(line, { maxLength: 4 }),
        (answer, additional) => {
          const cache = cacheWith();
          const all = ['www.example.org. 3600 IN A 192.0.2.1', ...answer];
          const bytes = answerTo('www.example.org. A', all, {
            additional: additional.map((text) => recordFromText(text)),
          });
          store(cache, 'www.example.org. A', bytes);
          const reply = fastAnswer(cache, 'www.example.org. A', 100);
          const wanted = decodeMessage(bytes);
          expect(reply).toMatchObject({ answer: wanted?.answer, additional: wanted?.additional });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is nothing for messages that are broken in any place', () => {
    const whole = answerTo('www.example.org. A', [
      'www.example.org. 60 IN CNAME web.example.net.',
      'web.example.net. 60 IN A 192.0.2.1',
    ]);
    for (let length = 0; length < whole.length; length++) {
      const cache = cacheWith();
      store(cache, 'www.example.org. A', whole.subarray(0, length));
      expect(cache.size, `cut to ${length} octets`).toBe(0);
    }
  });
});
