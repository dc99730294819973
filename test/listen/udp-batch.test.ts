/** Batches when the kernel does not do all that it is asked: by a C library that the test lets fail. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Listener } from '../../src/listen/answerer.js';
import { ERRNO, type LibcSockets, loadLibcSockets } from '../../src/listen/libc-sockets.js';
import { listenUdpBatch } from '../../src/listen/udp-batch.js';
import { silentLogger } from '../../src/observe/logger.js';
import { type BurstClient, openBurstClient } from './burst-client.js';
import { ScriptedAnswerer } from './scripted-answerer.js';

const loaded = await loadLibcSockets();
if ('reason' in loaded) throw new Error(`these tests need the C library: ${loaded.reason}`);
const libc: LibcSockets = loaded;
const EPERM = 1;

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

type SendBatch = LibcSockets['sendBatch'];

/** The real library, but for what it is told to do otherwise; `fail` sets the errno of the next call. */
function libcWith(
  change: (fail: (errno: number) => number) => Partial<LibcSockets>,
): LibcSockets & { readonly failures: number } {
  let errno: number | undefined;
  let failures = 0;
  const changed = change((code) => {
    errno = code;
    failures += 1;
    return -1;
  });
  return {
    ...libc,
    ...changed,
    errno: () => {
      const code = errno ?? libc.errno();
      errno = undefined;
      return code;
    },
    get failures() {
      return failures;
    },
  };
}

async function listen(wrapped: LibcSockets, answerer = new ScriptedAnswerer()): Promise<Listener> {
  const listener = await listenUdpBatch({
    libc: wrapped,
    batch: 8,
    server: 'dns://:53',
    address: '',
    port: 0,
    answerer,
    logger: silentLogger,
  });
  open.push({ close: () => listener.close(0) });
  return listener;
}

async function client(address = '127.0.0.1'): Promise<BurstClient> {
  const opened = await openBurstClient(libc, address);
  open.push(opened);
  return opened;
}

const numbers = (replies: readonly Buffer[]): number[] =>
  replies.map((reply) => Number(reply.subarray(1))).sort((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const burst = (asker: BurstClient, address: string, port: number, count = 50): void => {
  for (const i of upTo(count)) asker.send(Buffer.from(`f${i}`), address, port);
};

/** Every `n`th call of sendmmsg does something else. */
function everyNth(n: number, otherwise: SendBatch): SendBatch {
  let call = 0;
  return (fd, headers, count) => {
    call += 1;
    return call % n === 0 ? otherwise(fd, headers, count) : libc.sendBatch(fd, headers, count);
  };
}

describe('listenUdpBatch', () => {
  it('sends the rest when the kernel took a part', async () => {
    const wrapped = libcWith(() => ({
      sendBatch: (fd, headers, count) => libc.sendBatch(fd, headers, Math.min(count, 3)),
    }));
    const { port } = await listen(wrapped);
    const asker = await client();
    burst(asker, '127.0.0.1', port);
    expect(numbers(await asker.received(50))).toEqual(upTo(50));
  });

  it('tries again when a signal came in between', async () => {
    const wrapped = libcWith((fail) => ({
      sendBatch: everyNth(2, () => fail(ERRNO.interrupted)),
      sendTo: (() => {
        let call = 0;
        return (...args) => (call++ % 3 < 2 ? fail(ERRNO.interrupted) : libc.sendTo(...args));
      })(),
    }));
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(wrapped, answerer);
    const asker = await client();
    burst(asker, '127.0.0.1', port);
    expect(numbers(await asker.received(50))).toEqual(upTo(50));
    asker.send(Buffer.from('chain'), '127.0.0.1', port);
    await answerer.until(({ asked }) => asked.length === 1);
    answerer.asked[0]?.reply(Buffer.from('F50'));
    expect(numbers(await asker.received(51))).toEqual(upTo(51));
    expect(wrapped.failures).toBeGreaterThan(2);
  });

  it('gives up, and goes on serving, when signals never end', async () => {
    const wrapped = libcWith((fail) => {
      let interruptions = 100;
      return {
        sendBatch: (...args) =>
          interruptions-- > 0 ? fail(ERRNO.interrupted) : libc.sendBatch(...args),
      };
    });
    const { port } = await listen(wrapped);
    const asker = await client();
    for (let i = 0; asker.replies.length === 0; i += 1) {
      asker.send(Buffer.from(`f${i}`), '127.0.0.1', port);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(wrapped.failures).toBe(100);
  });

  it.each(['127.0.0.1', '::1'])(
    'lets dgram send later to %s when the send buffer is full',
    async (address) => {
      const wrapped = libcWith((fail) => ({
        sendBatch: everyNth(2, () => fail(ERRNO.wouldBlock)),
        sendTo: () => fail(ERRNO.wouldBlock),
      }));
      const answerer = new ScriptedAnswerer();
      const { port } = await listen(wrapped, answerer);
      const asker = await client(address);
      burst(asker, address, port);
      asker.send(Buffer.from('chain'), address, port);
      await answerer.until(({ asked }) => asked.length === 1);
      answerer.asked[0]?.reply(Buffer.from('F50'));
      expect(numbers(await asker.received(51))).toEqual(upTo(51));
      expect(wrapped.failures).toBeGreaterThan(1);
    },
  );

  it('skips the one destination that is refused and serves the others', async () => {
    let refused = 0;
    const wrapped = libcWith((fail) => ({
      // as a firewall does: whatever reply stands first is refused once in three calls
      sendBatch: everyNth(3, () => {
        refused += 1;
        return fail(EPERM);
      }),
    }));
    const { port } = await listen(wrapped);
    const asker = await client();
    burst(asker, '127.0.0.1', port);
    asker.send(Buffer.from('s'), '127.0.0.1', port);
    await asker.received(1);
    while (asker.replies.length + refused < 50) await asker.received(asker.replies.length + 1);
    expect(asker.replies.length + refused).toBe(50);
    expect(refused).toBeGreaterThan(1);
  });

  it('leaves to dgram what it may not read in batches', async () => {
    const wrapped = libcWith((fail) => ({ receiveBatch: () => fail(EPERM) }));
    const { port } = await listen(wrapped);
    const asker = await client();
    burst(asker, '127.0.0.1', port);
    expect(numbers(await asker.received(50))).toEqual(upTo(50));
  });

  it('answers at its closing what the kernel holds', async () => {
    const listener = await listen(libc);
    const asker = await client();
    burst(asker, '127.0.0.1', listener.port);
    await listener.close(0);
    expect(numbers(await asker.received(50))).toEqual(upTo(50));
  });

  it('closes the descriptor when the port cannot be had', async () => {
    const { port } = await listen(libc);
    const closed: number[] = [];
    const opened: number[] = [];
    const counting: LibcSockets = {
      ...libc,
      openUdp: (family) => {
        opened.push(libc.openUdp(family));
        return opened.at(-1)!;
      },
      close: (fd) => {
        closed.push(fd);
        return libc.close(fd);
      },
    };
    const second = listenUdpBatch({
      libc: counting,
      server: 'dns://:53',
      address: '127.0.0.1',
      port,
      answerer: new ScriptedAnswerer(),
      logger: silentLogger,
    });
    await expect(second).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    expect(closed).toEqual(opened);
  });
});
