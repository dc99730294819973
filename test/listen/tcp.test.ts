/** Queries over stream connections, over real sockets. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import type { Listener } from '../../src/listen/answerer.js';
import { listenTcp, type TcpOptions } from '../../src/listen/tcp.js';
import { silentLogger } from '../../src/observe/logger.js';
import { frame } from '../../src/wire/tcp-frame.js';
import { ScriptedAnswerer } from './scripted-answerer.js';
import { StreamClient } from './stream-client.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function listen(
  answerer: ScriptedAnswerer,
  options: Partial<TcpOptions> = {},
): Promise<Listener> {
  const listener = await listenTcp({
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

async function client(port: number, host = '127.0.0.1'): Promise<StreamClient> {
  const socket = connect({ port, host });
  open.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return new StreamClient(socket);
}

// not once(), which rejects on a reset
const closed = (under: StreamClient): Promise<void> =>
  new Promise((resolve) => under.socket.once('close', () => resolve()));

/** Whether a query is answered before the server closes. */
const isServed = (under: StreamClient): Promise<boolean> => {
  under.send('f');
  return Promise.race([closed(under).then(() => false), under.until(1).then(() => true)]);
};

describe('listenTcp', () => {
  it('answers pipelined queries of one chunk, and one that comes octet by octet', async () => {
    const { port } = await listen(new ScriptedAnswerer());
    const under = await client(port);
    under.send('f1', 'f2', 'f3');
    expect(await under.until(3)).toEqual(['F1', 'F2', 'F3']);
    for (const octet of frame(Buffer.from('f4'))) {
      await new Promise((done) => under.socket.write(Uint8Array.of(octet), done));
    }
    expect((await under.until(4)).at(-1)).toBe('F4');
  });

  it('does not hold back a fast answer behind a slow one, and says who asked', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer);
    const under = await client(port);
    under.send('slow', 'fast');
    expect(await under.until(1)).toEqual(['Fast']);
    answerer.asked[0]?.reply(Buffer.from('done'));
    expect(await under.until(2)).toEqual(['Fast', 'done']);
    expect(answerer.asked[0]?.client).toEqual({
      address: '127.0.0.1',
      port: under.socket.localPort,
      transport: 'tcp',
      server: 'dns://:53',
    });
  });

  it('carries messages of 65,535 octets both ways', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer);
    const under = await client(port);
    const large = `f${'x'.repeat(65_534)}`;
    under.send(large, large, 'f', large);
    const replies = await under.until(4);
    expect(replies.map((reply) => reply.length)).toEqual([65_535, 65_535, 1, 65_535]);
  });

  it('takes no more queries of a connection than may be in flight, until replies are found', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer, { limits: { queriesInFlight: 2 } });
    const under = await client(port);
    under.send('a', 'b', 'c', 'f');
    await answerer.until(({ asked }) => asked.length === 2);
    expect(answerer.lengths).toHaveLength(2);
    answerer.asked[1]?.reply(Buffer.from('B'));
    await answerer.until(({ asked }) => asked.length === 3);
    expect(await under.until(1)).toEqual(['B']);
    answerer.asked[0]?.reply(undefined);
    answerer.asked[2]?.reply(Buffer.from('C'));
    expect([...(await under.until(3))].sort()).toEqual(['B', 'C', 'F']);
  });

  it('stops reading while the peer does not take its replies, and closes when it never does', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer, { limits: { writeMs: 200 } });
    const under = await client(port);
    under.socket.pause();
    const large = frame(Buffer.from(`f${'x'.repeat(60_000)}`));
    const sent = 2_000;
    for (let i = 0; i < sent; i++) under.socket.write(large);
    await closed(under);
    expect(answerer.lengths.length).toBeLessThan(sent);
  });

  it('answers what was asked before the peer ended its side, then ends too', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer, { limits: { queriesInFlight: 1 } });
    const under = await client(port);
    under.send('a', 'b', 'f');
    under.socket.end();
    for (const index of [0, 1]) {
      await answerer.until(({ asked }) => asked.length === index + 1);
      answerer.asked[index]?.reply(Buffer.from(`reply ${index}`));
    }
    await once(under.socket, 'end');
    expect([...under.replies].sort()).toEqual(['F', 'reply 0', 'reply 1']);
  });

  it('closes a connection that sends no query, or only part of one, or nothing more', async () => {
    const { port } = await listen(new ScriptedAnswerer(), {
      limits: { firstQueryMs: 50, idleMs: 50 },
    });
    await closed(await client(port));
    const partial = await client(port);
    partial.socket.write(Uint8Array.of(0, 5, 0x66));
    await closed(partial);
    const idle = await client(port);
    idle.send('f');
    expect(await idle.until(1)).toEqual(['F']);
    await closed(idle);
  });

  it('closes a connection on which octets trickle in but no query gets whole', async () => {
    const { port } = await listen(new ScriptedAnswerer(), { limits: { firstQueryMs: 100 } });
    const under = await client(port);
    under.socket.write(Uint8Array.of(0xff, 0xff));
    const trickle = setInterval(() => under.socket.write('x'), 5);
    await closed(under);
    clearInterval(trickle);
  });

  it('keeps an idle connection whose query still waits', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer, { limits: { idleMs: 30 } });
    const waiting = await client(port);
    waiting.send('slow');
    await answerer.until(({ asked }) => asked.length === 1);
    for (const idle of [await client(port), await client(port)]) {
      idle.send('f');
      await closed(idle);
    }
    answerer.asked[0]?.reply(Buffer.from('late'));
    expect(await waiting.until(1)).toEqual(['late']);
  });

  it('refuses connections beyond the limits in all and per client, and counts closed ones off', async () => {
    const { port } = await listen(new ScriptedAnswerer(), {
      address: '::',
      limits: { connections: 3, connectionsPerClient: 2 },
    });
    const first = await client(port);
    const second = await client(port);
    await closed(await client(port));
    const other = await client(port, '::1');
    await closed(await client(port, '::1'));
    first.socket.destroy();
    // the server learns of the end in its own time
    await expect.poll(async () => isServed(await client(port))).toBe(true);
    for (const under of [second, other]) expect(await isServed(under)).toBe(true);
  });

  it('survives resets in the middle of anything', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen(answerer);
    for (let i = 0; i < 20; i++) {
      const under = await client(port);
      under.send('slow', 'f');
      under.socket.resetAndDestroy();
    }
    const under = await client(port);
    under.send('f');
    expect(await under.until(1)).toEqual(['F']);
    for (const { reply } of answerer.asked) reply(Buffer.from('late'));
  });

  it('closes only the connection on which the answerer throws', async () => {
    const listener = await listen(new ScriptedAnswerer());
    const under = await client(listener.port);
    listener.setAnswerer({
      answer: () => {
        throw new Error('broken');
      },
      resolve: () => Promise.reject(new Error('broken')),
    });
    under.send('f');
    await closed(under);
    listener.setAnswerer(new ScriptedAnswerer());
    const next = await client(listener.port);
    next.send('f');
    expect(await next.until(1)).toEqual(['F']);
  });

  it('answers what is in flight when it closes, and ends idle connections', async () => {
    const answerer = new ScriptedAnswerer();
    const listener = await listen(answerer);
    const [waiting, idle] = [await client(listener.port), await client(listener.port)];
    idle.send('f');
    await idle.until(1);
    waiting.send('slow');
    await answerer.until(({ asked }) => asked.length === 1);
    const done = listener.close(10_000);
    await once(idle.socket, 'end');
    answerer.asked[0]?.reply(Buffer.from('late'));
    expect(await waiting.until(1)).toEqual(['late']);
    await done;
  });

  it('says that a port is in use', async () => {
    const { port } = await listen(new ScriptedAnswerer());
    await expect(listen(new ScriptedAnswerer(), { port })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
    });
  });

  it('serves TLS by the same rules', async () => {
    const pair = await generate([{ name: 'commonName', value: 'dns.example.org' }]);
    const answerer = new ScriptedAnswerer();
    const { port, transport } = await listen(answerer, {
      server: 'tls://:853',
      secureServer: () =>
        createTlsServer({ key: pair.private, cert: pair.cert, allowHalfOpen: true }),
    });
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    open.push({ close: () => socket.destroy() });
    await once(socket, 'secureConnect');
    const under = new StreamClient(socket);
    under.send('slow', 'fast');
    expect(await under.until(1)).toEqual(['Fast']);
    answerer.asked[0]?.reply(Buffer.from('done'));
    expect(await under.until(2)).toEqual(['Fast', 'done']);
    expect(transport).toBe('tls');
    expect(answerer.asked[0]?.client).toMatchObject({ transport: 'tls', address: '127.0.0.1' });
    // plain text on the TLS port harms nobody
    const plain = await client(port);
    plain.send('f and no handshake');
    await closed(plain);
    under.send('f');
    expect(await under.until(3)).toEqual(['Fast', 'done', 'F']);
  });
});
