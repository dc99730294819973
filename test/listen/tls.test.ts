/** DNS over TLS, over real sockets. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../../src/listen/answerer.js';
import { listenTls, type TlsListenerOptions } from '../../src/listen/tls.js';
import type { ClientAuth } from '../../src/listen/tls-settings.js';
import { hasPrograms } from '../programs.js';
import { type Pair, SecretVolume, selfSigned } from './certificates.js';
import { EchoAnswerer } from './echo-answerer.js';
import { logLines } from './log-lines.js';
import { StreamClient } from './stream-client.js';

let first: Pair;
let second: Pair;
let stranger: Pair;
beforeAll(async () => {
  const pairs = [selfSigned('one.test'), selfSigned('two.test'), selfSigned('who')] as const;
  [first, second, stranger] = await Promise.all(pairs);
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function volumeWith(pair: Pair): Promise<SecretVolume> {
  const volume = await SecretVolume.with(pair);
  open.push(volume);
  return volume;
}

async function listen(
  volume: SecretVolume,
  options: Partial<TlsListenerOptions> = {},
): Promise<Listener> {
  const listener = await listenTls({
    server: 'tls://:853',
    address: '127.0.0.1',
    port: 0,
    answerer: new EchoAnswerer(),
    logger: logLines(),
    tls: { files: volume.files, clientAuth: 'nocert' },
    certificateIntervalMs: 5,
    ...options,
  });
  open.push({ close: () => listener.close(0) });
  return listener;
}

async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  open.push({ close: () => socket.destroy() });
  await once(socket, 'secureConnect');
  return socket;
}

async function subjectAt(port: number): Promise<string | undefined> {
  const socket = await handshake(port);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

/** Whether a client with these options gets an answer. */
async function isAnswered(port: number, options: ConnectionOptions = {}): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  const client = new StreamClient(socket);
  const closed = new Promise<false>((resolve) => socket.once('close', () => resolve(false)));
  client.send('f');
  const answered = await Promise.race([client.until(1).then(() => true), closed]);
  socket.destroy();
  return answered;
}

describe('listenTls', () => {
  it.skipIf(!hasPrograms('kdig'))('answers kdig', async () => {
    const { port } = await listen(await volumeWith(first));
    const args = ['@127.0.0.1', '-p', String(port), '+tls', '+retry=0', 'example.org', 'A'];
    const { stdout } = await promisify(execFile)('kdig', args);
    expect(stdout).toContain('status: NOERROR');
    expect(stdout).toContain('TLS session');
  });

  it('takes clients that name the protocol dot, or none, and no other', async () => {
    const { port, transport } = await listen(await volumeWith(first));
    expect(transport).toBe('tls');
    const named = await handshake(port, { ALPNProtocols: ['dot'] });
    expect(named.alpnProtocol).toBe('dot');
    expect(await isAnswered(port)).toBe(true);
    expect(await isAnswered(port, { ALPNProtocols: ['h2'] })).toBe(false);
  });

  it('serves a renewed certificate to new connections and keeps those that are open', async () => {
    const volume = await volumeWith(first);
    const { port } = await listen(volume);
    const before = new StreamClient(await handshake(port));
    expect(await subjectAt(port)).toBe('one.test');
    await volume.swap(second);
    await expect.poll(() => subjectAt(port)).toBe('two.test');
    before.send('f');
    expect(await before.until(1)).toEqual(['F']);
  });

  it('goes on with the old certificate when the new one is broken, and says so once', async () => {
    const volume = await volumeWith(first);
    const logger = logLines();
    const { port } = await listen(volume, { logger });
    await volume.swap({ cert: second.cert, key: first.key });
    const complaint = 'error the new certificate cannot be served: the one before stays in use';
    await expect.poll(() => logger.lines).toContain(complaint);
    expect(logger.fields.at(-1)).toMatchObject({
      cert: volume.files.cert,
      reason: expect.stringContaining('do not belong together'),
    });
    expect(await subjectAt(port)).toBe('one.test');
    await volume.swap(second);
    await expect.poll(() => subjectAt(port)).toBe('two.test');
    expect(logger.lines.filter((line) => line === complaint)).toHaveLength(1);
  });

  it('does not start with a broken pair, and leaves no socket', async () => {
    const volume = await volumeWith({ cert: second.cert, key: first.key });
    await expect(listen(volume)).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      where: volume.files.cert,
    });
    await volume.swap({ cert: '', key: first.key });
    await expect(listen(volume)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' });
    const files = { ...volume.files, key: `${volume.files.key}.missing` };
    await expect(listen(volume, { tls: { files, clientAuth: 'nocert' } })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
  });

  it('lets clients in by their certificates', async () => {
    const volume = await volumeWith(first);
    const ca = `${volume.files.cert}.ca`;
    await writeFile(ca, second.cert);
    const files = { ...volume.files, ca };
    const expected: Readonly<Record<ClientAuth, readonly boolean[]>> = {
      // without a certificate, with a stranger's, with one of the authority
      nocert: [true, true, true],
      request: [true, true, true],
      require: [false, true, true],
      verify_if_given: [true, false, true],
      require_and_verify: [false, false, true],
    };
    const listener = await listen(volume, { tls: { files, clientAuth: 'nocert' } });
    for (const [clientAuth, answered] of Object.entries(expected)) {
      listener.configure?.({ limits: {}, tls: { files, clientAuth: clientAuth as ClientAuth } });
      const found: boolean[] = [];
      for (const pair of [{}, stranger, second]) {
        found.push(await isAnswered(listener.port, pair));
      }
      expect([clientAuth, ...found]).toEqual([clientAuth, ...answered]);
    }
  });

  it('keeps its settings when new ones cannot be used', async () => {
    const volume = await volumeWith(first);
    const listener = await listen(volume);
    const files = { ...volume.files, cert: '/nonexistent' };
    expect(() =>
      listener.configure?.({ limits: {}, tls: { files, clientAuth: 'require' } }),
    ).toThrow(/cannot read/);
    expect(await isAnswered(listener.port)).toBe(true);
    expect(await subjectAt(listener.port)).toBe('one.test');
  });

  it('closes clients that never finish the handshake, and counts them', async () => {
    const { port } = await listen(await volumeWith(first), {
      limits: { firstQueryMs: 300, connectionsPerClient: 2 },
    });
    const [silent, partial, refused] = [0, 1, 2].map(() => {
      const socket = connectPlain({ port, host: '127.0.0.1' }).resume();
      socket.on('error', () => {});
      return { socket, closed: new Promise((resolve) => socket.once('close', resolve)) };
    });
    partial?.socket.write(Uint8Array.of(0x16, 0x03, 0x01, 0x02));
    await refused?.closed;
    await Promise.all([silent?.closed, partial?.closed]);
    await expect.poll(() => isAnswered(port)).toBe(true);
  });

  it('closes a connection when it has asked as often as it may', async () => {
    const { port } = await listen(await volumeWith(first), { limits: { queries: 2 } });
    const client = new StreamClient(await handshake(port));
    client.send('f1', 'f2', 'f3');
    await once(client.socket, 'end');
    expect(client.replies).toEqual(['F1', 'F2']);
  });
});
