import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nameToWire } from '../../../src/dns/name.js';
import { systemClock } from '../../../src/plugins/forward/clock.js';
import { cryptoRandom } from '../../../src/plugins/forward/random-source.js';
import { UdpPool } from '../../../src/plugins/forward/udp-exchange.js';
import { plainQuestion, upstreamQuery } from '../../../src/plugins/forward/upstream-query.js';

const random = cryptoRandom();
const server = createSocket('udp4');
/** Port, ID and question of everything that came. */
const seen: { readonly port: number; readonly id: number; readonly question: string }[] = [];

beforeAll(async () => {
  server.on('message', (bytes, from) => {
    seen.push({
      port: from.port,
      id: bytes.readUInt16BE(0),
      question: bytes.toString('latin1', 12, bytes.length - 15),
    });
    bytes[2] = (bytes[2] ?? 0) | 0x80;
    server.send(bytes, from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
});

afterAll(() => new Promise<void>((resolve) => server.close(resolve)));

describe('exchanges over UDP', () => {
  it('all end with their own answer, under many ports, IDs and spellings', async () => {
    const clock = systemClock(() => performance.now());
    const target = { address: '127.0.0.1', port: server.address().port };
    const pool = new UdpPool(target, { clock, random, reportBad: () => {} });
    const form = { mixCase: true, edns: true };
    // in handfuls, so that the receiving socket of the test keeps up
    for (let round = 0; round < 50; round++) {
      const exchanges = await Promise.all(
        Array.from({ length: 40 }, (_, i) => {
          const name = nameToWire(`r${round}-${i}.abcdefghij.example.`);
          const query = upstreamQuery(plainQuestion(name, 1, true), form, random);
          return pool.exchange(query, 5_000);
        }),
      );
      expect(exchanges.every(({ kind }) => kind === 'answer')).toBe(true);
    }
    pool.close();
    expect(seen).toHaveLength(2_000);
    // a socket asks 128 questions at most
    expect(new Set(seen.map(({ port }) => port)).size).toBeGreaterThanOrEqual(2_000 / 128);
    // 2,000 out of 65,536: about 30 pairs are equal by chance
    expect(new Set(seen.map(({ id }) => id)).size).toBeGreaterThan(1_850);
    const mixed = seen.filter(({ question }) => /[A-Z]/.test(question) && /[a-z]/.test(question));
    expect(mixed.length).toBeGreaterThan(1_950);
  });

  it('fail at once when the port is closed, and after that work again', async () => {
    const clock = systemClock(() => performance.now());
    const spare = createSocket('udp4');
    await new Promise<void>((resolve) => spare.bind(0, '127.0.0.1', resolve));
    const { port } = spare.address();
    await new Promise<void>((resolve) => spare.close(resolve));
    const pool = new UdpPool(
      { address: '127.0.0.1', port },
      { clock, random, reportBad: () => {} },
    );
    const ask = (): ReturnType<UdpPool['exchange']> => {
      const question = plainQuestion(nameToWire('a.example.'), 1, true);
      return pool.exchange(upstreamQuery(question, { mixCase: false, edns: true }, random), 10_000);
    };
    expect(await ask()).toMatchObject({ kind: 'failure', reason: 'unreachable' });
    const back = createSocket('udp4');
    back.on('message', (bytes, from) => {
      bytes[2] = 0x80;
      back.send(bytes, from.port, from.address);
    });
    await new Promise<void>((resolve) => back.bind(port, '127.0.0.1', resolve));
    expect(await ask()).toMatchObject({ kind: 'answer' });
    pool.close();
    await new Promise<void>((resolve) => back.close(resolve));
  });
});
