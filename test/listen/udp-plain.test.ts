/** Datagrams in and out of the plain listener, over real sockets. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { SvcdnsError } from '../../src/errors.js';
import type { Listener } from '../../src/listen/answerer.js';
import { listenUdpPlain, type UdpPlainOptions } from '../../src/listen/udp-plain.js';
import { type Logger, silentLogger } from '../../src/observe/logger.js';
import { ScriptedAnswerer } from './scripted-answerer.js';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function listen(
  answerer: ScriptedAnswerer,
  options: Partial<UdpPlainOptions> = {},
): Promise<Listener> {
  const listener = await listenUdpPlain({
    server: 'dns://:53',
    address: '127.0.0.1',
    port: 0,
    answerer,
    logger: silentLogger,
    ...options,
  });
  open.push({ close: () => listener.close(0) });
  return listener;
}

async function client(type: 'udp4' | 'udp6' = 'udp4'): Promise<Socket> {
  const socket = createSocket(type);
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  open.push({ close: () => new Promise((resolve) => socket.close(() => resolve(0))) });
  return socket;
}

async function reply(socket: Socket): Promise<string> {
  const [bytes] = await once(socket, 'message');
  return String(bytes);
}

describe('listenUdpPlain', () => {
  it('sends what the answerer writes at once, and what the chain finds later, to the asker', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer);
    const [one, two] = [await client(), await client()];
    two.send('slow', port, '127.0.0.1');
    await answerer.until(({ asked }) => asked.length === 1);
    const fast = reply(one);
    one.send('fast', port, '127.0.0.1');
    expect(await fast).toBe('Fast');
    const slow = reply(two);
    answerer.asked[0]?.reply(Buffer.from('late'));
    expect(await slow).toBe('late');
    expect(answerer.asked[0]?.client).toEqual({
      address: '127.0.0.1',
      port: two.address().port,
      transport: 'udp',
      server: 'dns://:53',
    });
  });

  it('serves IPv4 and IPv6 on the empty address and names IPv4 clients by their IPv4 address', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer, { address: '' });
    const [four, six] = [await client('udp4'), await client('udp6')];
    four.send('x4', port, '127.0.0.1');
    six.send('x6', port, '::1');
    await answerer.until(({ asked }) => asked.length === 2);
    expect(answerer.asked.map((asked) => asked.client.address).sort()).toEqual([
      '127.0.0.1',
      '::1',
    ]);
    const answered = reply(four);
    answerer.asked.find((asked) => String(asked.query) === 'x4')?.reply(Buffer.from('ok'));
    expect(await answered).toBe('ok');
  });

  it('reads datagrams of any size up to 64 KiB', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer);
    const socket = await client();
    socket.send(Buffer.alloc(0), port, '127.0.0.1');
    socket.send(Buffer.alloc(65_507, 0x7e), port, '127.0.0.1');
    await answerer.until(({ lengths }) => lengths.length === 2);
    expect(answerer.lengths).toEqual([0, 65_507]);
  });

  it('drops queries beyond the bound on those that wait, and goes on answering fast ones', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer, { maxInFlight: 2 });
    const socket = await client();
    for (const text of ['a', 'b', 'c']) socket.send(text, port, '127.0.0.1');
    await answerer.until(({ lengths }) => lengths.length === 3);
    expect(answerer.asked).toHaveLength(2);
    const answered = reply(socket);
    socket.send('f', port, '127.0.0.1');
    expect(await answered).toBe('F');
  });

  it('answers by the new answers after a swap', async () => {
    const [before, after] = [new ScriptedAnswerer(), new ScriptedAnswerer()];
    const listener = await listen(before);
    listener.setAnswerer(after);
    const socket = await client();
    const answered = reply(socket);
    socket.send('f', listener.port, '127.0.0.1');
    expect(await answered).toBe('F');
    expect([before.lengths, after.lengths]).toEqual([[], [1]]);
  });

  it('survives an answerer that throws or rejects', async () => {
    const answerer = new ScriptedAnswerer();
    const broken = {
      answer: (): number => {
        throw new Error('broken');
      },
      resolve: () => Promise.reject(new Error('broken')),
    };
    const errors: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      error: (_, text) => errors.push(text),
      child: () => logger,
    };
    const listener = await listen(answerer, { logger });
    const socket = await client();
    listener.setAnswerer({ ...broken, answer: () => -1 });
    socket.send('x', listener.port, '127.0.0.1');
    await expect.poll(() => errors.length).toBe(1);
    listener.setAnswerer(broken);
    socket.send('x', listener.port, '127.0.0.1');
    await expect.poll(() => errors.length).toBe(2);
    listener.setAnswerer(answerer);
    const answered = reply(socket);
    socket.send('f', listener.port, '127.0.0.1');
    expect(await answered).toBe('F');
  });

  it('waits for queries in flight when it closes, but takes no new ones', async () => {
    const answerer = new ScriptedAnswerer();
    const listener = await listen(answerer);
    const socket = await client();
    socket.send('slow', listener.port, '127.0.0.1');
    await answerer.until(({ asked }) => asked.length === 1);
    const answered = reply(socket);
    const closed = listener.close(10_000);
    answerer.asked[0]?.reply(Buffer.from('late'));
    expect(await answered).toBe('late');
    await closed;
  });

  it('closes after the drain time whatever still waits, and a late reply does no harm', async () => {
    const answerer = new ScriptedAnswerer();
    const listener = await listen(answerer);
    const socket = await client();
    socket.send('slow', listener.port, '127.0.0.1');
    await answerer.until(({ asked }) => asked.length === 1);
    await listener.close(1);
    answerer.asked[0]?.reply(Buffer.from('late'));
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

  it('logs the receive buffer that the kernel granted', async () => {
    const lines: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      info: (fields) => lines.push(fields),
      child: () => logger,
    };
    const { port } = await listen(new ScriptedAnswerer(), { logger, receiveBufferBytes: 16_384 });
    expect(lines).toEqual([
      {
        address: `127.0.0.1:${port}`,
        implementation: 'dgram',
        receiveBufferBytes: 32_768,
      },
    ]);
  });
});
