/** What every UDP listener does, whichever implementation runs: one list of cases for both. */
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { SvcdnsError } from '../../src/errors.js';
import { type Answerer, ASK_CHAIN, type Listener, NO_REPLY } from '../../src/listen/answerer.js';
import { type LibcSockets, loadLibcSockets } from '../../src/listen/libc-sockets.js';
import { canSharePorts, type ListenUdpOptions, listenUdp } from '../../src/listen/udp.js';
import { type Logger, silentLogger } from '../../src/observe/logger.js';
import { type BurstClient, openBurstClient } from './burst-client.js';
import { RawUdp } from './raw-udp.js';
import { ScriptedAnswerer } from './scripted-answerer.js';

const loaded = await loadLibcSockets();
if ('reason' in loaded) throw new Error(`these tests need the C library: ${loaded.reason}`);
const libc: LibcSockets = loaded;

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function client(address = '127.0.0.1'): Promise<BurstClient> {
  const opened = await openBurstClient(libc, address);
  open.push(opened);
  return opened;
}

/** `f`, then a number, then `length - 5` zeros: echoed with `F`. */
function fast(number: number, length = 5): Buffer {
  const bytes = Buffer.alloc(length);
  bytes[0] = 0x66;
  if (length >= 5) bytes.writeUInt32BE(number, 1);
  return bytes;
}

const numbers = (replies: readonly Buffer[]): number[] =>
  replies.map((reply) => reply.readUInt32BE(1)).sort((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe.each(['batch', 'plain'] as const)('listenUdp, %s', (implementation) => {
  const unattended = (
    answerer: Answerer,
    options: Partial<ListenUdpOptions> = {},
  ): Promise<Listener> =>
    listenUdp({
      implementation,
      server: 'dns://:53',
      address: '127.0.0.1',
      port: 0,
      answerer,
      logger: silentLogger,
      ...options,
    });
  async function listen(...args: Parameters<typeof unattended>): Promise<Listener> {
    const listener = await unattended(...args);
    open.push({ close: () => listener.close(0) });
    return listener;
  }

  it.each([
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['::1', '::1', '::1'],
    ['', '::1', '::1'],
    ['', '127.0.0.1', '127.0.0.1'],
    ['::', '127.0.0.1', '127.0.0.1'],
  ])(
    'bound to "%s", answers %s at once, and names it %s to the chain',
    async (address, from, name) => {
      const answerer = new ScriptedAnswerer();
      const { port } = await listen(answerer, { address });
      const asker = await client(from);
      asker.send(fast(7), from, port);
      expect(numbers(await asker.received(1))).toEqual([7]);
      asker.send(Buffer.from('chain'), from, port);
      await answerer.until(({ asked }) => asked.length === 1);
      expect(Buffer.from(answerer.asked[0]!.query).toString()).toBe('chain');
      expect(answerer.asked[0]?.client).toEqual({
        address: name,
        port: asker.port,
        transport: 'udp',
        server: 'dns://:53',
      });
      answerer.asked[0]?.reply(Buffer.from('late'));
      expect(String((await asker.received(2))[1])).toBe('late');
    },
  );

  it.each([1, 11, 12, 511, 4096])(
    'answers a query of %i octets, first or behind others',
    async (length) => {
      const { port } = await listen(new ScriptedAnswerer());
      const asker = await client();
      for (let i = 0; i < 5; i += 1) asker.send(fast(i, length), '127.0.0.1', port);
      const replies = await asker.received(5);
      expect(replies.map((reply) => [reply.length, reply[0]])).toEqual(
        Array(5).fill([length, 0x46]),
      );
    },
  );

  it('hands datagrams of 0 to 65,507 octets on whole, however many come at once', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer);
    const asker = await client();
    const lengths = [0, 1, 11, 12, 511, 4096, 65_507, 0, 65_507, 4097];
    for (const length of lengths) {
      asker.send(Buffer.alloc(length, length === 0 ? 0 : 0x61), '127.0.0.1', port);
    }
    // an empty query goes to the chain too, here: what it is worth is the answerer's business
    await answerer.until(({ asked }) => asked.length === lengths.length);
    expect(answerer.lengths).toEqual(lengths);
    for (const { query } of answerer.asked)
      expect(query.every((octet) => octet === 0x61)).toBe(true);
  });

  it('sends a reply of the chain of up to 65,507 octets', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer);
    const asker = await client();
    asker.send(Buffer.from('chain'), '127.0.0.1', port);
    await answerer.until(({ asked }) => asked.length === 1);
    answerer.asked[0]?.reply(new Uint8Array(new SharedArrayBuffer(65_507)).fill(1));
    expect((await asker.received(1))[0]?.equals(Buffer.alloc(65_507, 1))).toBe(true);
  });

  it('answers each of a burst of 200 once, and to its own asker', async () => {
    const { port } = await listen(new ScriptedAnswerer());
    const askers = await Promise.all(Array.from({ length: 20 }, () => client()));
    for (let i = 0; i < 10; i += 1) {
      for (const asker of askers) asker.send(fast(asker.port * 100 + i), '127.0.0.1', port);
    }
    for (const asker of askers) {
      expect(numbers(await asker.received(10))).toEqual(upTo(10).map((i) => asker.port * 100 + i));
    }
  });

  it('answers the rest of a burst when some get no reply, some ask the chain and some fail', async () => {
    const errors: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      error: (_, text) => errors.push(text),
      child: () => logger,
    };
    const late: Buffer[] = [];
    const { port } = await listen(
      {
        answer: (query, start, length, out, outStart) => {
          const number = Buffer.from(query.buffer, query.byteOffset + start, length).readUInt32BE(
            1,
          );
          if (number % 4 === 1) return NO_REPLY;
          if (number % 4 === 2) return ASK_CHAIN;
          if (number % 4 === 3) throw new Error('broken');
          out.set(query.subarray(start, start + length), outStart);
          return length;
        },
        resolve: async (query) => {
          late.push(Buffer.from(query));
          return late.length % 2 === 0 ? undefined : query;
        },
      },
      { logger },
    );
    const asker = await client();
    for (const i of upTo(100)) asker.send(fast(i), '127.0.0.1', port);
    const replies = numbers(await asker.received(25 + 13));
    expect(replies).toEqual(upTo(100).filter((i) => i % 4 === 0 || i % 8 === 2));
    expect(errors).toHaveLength(25);
  });

  it('gives timers their turn within a burst that keeps the chain busy', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer);
    const asker = await client();
    for (const i of upTo(200)) asker.send(Buffer.from(`chain ${i}`), '127.0.0.1', port);
    await answerer.until(({ lengths }) => lengths.length > 0);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(answerer.lengths.length).toBeLessThan(200);
    await answerer.until(({ asked }) => asked.length === 200);
  });

  it('leaves nothing lying, whatever the pauses between datagrams', async () => {
    const { port } = await listen(new ScriptedAnswerer());
    const asker = await client();
    let sent = 0;
    for (const burst of [1, 1, 1, 1, 3, 1, 70, 1, 64, 65, 2, 1, 1]) {
      for (let i = 0; i < burst; i += 1) asker.send(fast(sent++), '127.0.0.1', port);
      expect(numbers(await asker.received(sent))).toEqual(upTo(sent));
    }
  });

  it('drops queries beyond the bound on those that wait, and goes on answering fast ones', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer, { maxInFlight: 2 });
    const asker = await client();
    for (const text of ['a', 'b', 'c']) asker.send(Buffer.from(text), '127.0.0.1', port);
    asker.send(fast(1), '127.0.0.1', port);
    expect(numbers(await asker.received(1))).toEqual([1]);
    expect(answerer.asked).toHaveLength(2);
  });

  it('answers by the new answers after a swap', async () => {
    const [before, after] = [new ScriptedAnswerer(), new ScriptedAnswerer()];
    const listener = await listen(before);
    listener.setAnswerer(after);
    const asker = await client();
    asker.send(fast(1), '127.0.0.1', listener.port);
    await asker.received(1);
    expect([before.lengths, after.lengths]).toEqual([[], [5]]);
  });

  it('waits for queries in flight when it closes', async () => {
    const answerer = new ScriptedAnswerer();
    const listener = await listen(answerer);
    const asker = await client();
    asker.send(Buffer.from('chain'), '127.0.0.1', listener.port);
    await answerer.until(({ asked }) => asked.length === 1);
    const closed = listener.close(10_000);
    answerer.asked[0]?.reply(Buffer.from('late'));
    expect(String((await asker.received(1))[0])).toBe('late');
    await closed;
  });

  it('closes in the middle of traffic, and a reply that comes too late does no harm', async () => {
    const answerer = new ScriptedAnswerer();
    const listener = await listen(answerer);
    const asker = await client();
    for (const i of upTo(100)) asker.send(fast(i), '127.0.0.1', listener.port);
    asker.send(Buffer.from('chain'), '127.0.0.1', listener.port);
    await answerer.until(({ asked }) => asked.length === 1);
    for (const i of upTo(100)) asker.send(fast(i), '127.0.0.1', listener.port);
    await listener.close(1);
    answerer.asked[0]?.reply(Buffer.from('late'));
    await Promise.resolve();
    await listener.close(1);
  });

  it.runIf(process.getuid?.() === 0)(
    'drops what comes from port 0, first or behind others (raw sockets: only as root)',
    async () => {
      const answerer = new ScriptedAnswerer();
      const { port } = await listen(answerer);
      const raw = await RawUdp.open();
      open.push(raw);
      const asker = await client();
      raw.send({ from: 0, to: port, bytes: fast(1) });
      asker.send(fast(2), '127.0.0.1', port);
      raw.send({ from: 0, to: port, bytes: Buffer.from('chain') });
      asker.send(fast(3), '127.0.0.1', port);
      expect(numbers(await asker.received(2))).toEqual([2, 3]);
      expect(answerer.lengths).toEqual([5, 5]);
    },
  );

  it('shares a port with others where it may, and spreads the askers', async () => {
    expect(await canSharePorts()).toBe(true);
    const [one, two] = [new ScriptedAnswerer(), new ScriptedAnswerer()];
    const { port } = await listen(one, { reusePort: true });
    await listen(two, { reusePort: true, port });
    const askers = await Promise.all(Array.from({ length: 40 }, () => client()));
    for (const asker of askers) asker.send(fast(1), '127.0.0.1', port);
    for (const asker of askers) await asker.received(1);
    expect(one.lengths.length + two.lengths.length).toBe(40);
    expect(Math.min(one.lengths.length, two.lengths.length)).toBeGreaterThan(0);
  });

  it('says that a port is in use, with the place and the mend', async () => {
    const { port } = await listen(new ScriptedAnswerer());
    const error: unknown = await listen(new ScriptedAnswerer(), { port }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SvcdnsError);
    expect(error).toMatchObject({ code: 'ADDRESS_IN_USE', where: `127.0.0.1:${port}` });
  });

  it('says that the machine does not have an address', async () => {
    await expect(listen(new ScriptedAnswerer(), { address: '192.0.2.1' })).rejects.toMatchObject({
      code: 'ADDRESS_NOT_ALLOWED',
    });
  });

  it('leaves the IPv4 port to others when it is told to take IPv6 only', async () => {
    const { port } = await listen(new ScriptedAnswerer(), { address: '::', ipv6Only: true });
    await expect(listen(new ScriptedAnswerer(), { port })).resolves.toMatchObject({ port });
  });

  it('leaves no descriptor and no memory behind when it is opened and closed often', async () => {
    const cycle = async (): Promise<void> => {
      const listener = await unattended(new ScriptedAnswerer());
      const asker = await openBurstClient(libc, '127.0.0.1');
      for (const i of upTo(100)) asker.send(fast(i), '127.0.0.1', listener.port);
      await asker.received(100);
      await asker.close();
      await listener.close(0);
    };
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 50; i += 1) await cycle();
    const before = { fds: descriptors(), rss: process.memoryUsage.rss() };
    for (let i = 0; i < 200; i += 1) await cycle();
    expect(descriptors()).toBe(before.fds);
    // 200 blocks, each touched for 64 queries and replies, would be 80 MB
    expect(process.memoryUsage.rss() - before.rss).toBeLessThan(40 * 1024 * 1024);
  });
});

describe('listenUdp', () => {
  it('takes batches by default and says so', async () => {
    const lines: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      info: (fields, text) => lines.push([text, fields]),
      child: () => logger,
    };
    const listener = await listenUdp({
      server: 'dns://:53',
      address: '127.0.0.1',
      port: 0,
      answerer: new ScriptedAnswerer(),
      logger,
      receiveBufferBytes: 16_384,
    });
    open.push({ close: () => listener.close(0) });
    expect(listener).toMatchObject({
      implementation: 'batch',
      transport: 'udp',
      address: '127.0.0.1',
    });
    expect(lines).toEqual([
      ['datagrams go in batches', { server: 'dns://:53', library: 'libc.so.6' }],
      [
        'listening',
        {
          address: `127.0.0.1:${listener.port}`,
          implementation: 'batch',
          receiveBufferBytes: 32_768,
        },
      ],
    ]);
  });
});
