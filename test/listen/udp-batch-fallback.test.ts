/** What happens where batches cannot be had. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadLibcSockets } from '../../src/listen/libc-sockets.js';
import { listenUdp } from '../../src/listen/udp.js';
import { type Logger, silentLogger } from '../../src/observe/logger.js';
import { ScriptedAnswerer } from './scripted-answerer.js';

afterEach(() => {
  vi.doUnmock('koffi');
  vi.unstubAllGlobals();
});

const options = {
  server: 'dns://:53',
  address: '127.0.0.1',
  port: 0,
  answerer: new ScriptedAnswerer(),
  logger: silentLogger,
};

describe('without koffi', () => {
  it('falls back to dgram and logs why', async () => {
    vi.doMock('koffi', () => {
      throw new Error('Cannot find the native Koffi module\nmore');
    });
    const lines: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      info: (fields, text) => lines.push([text, fields['reason']]),
      child: () => silentLogger,
    };
    const listener = await listenUdp({ ...options, logger });
    expect(listener.implementation).toBe('dgram');
    expect(lines).toEqual([['datagrams go one by one: no batches here', expect.any(String)]]);
    await listener.close(0);
  });

  it('fails when batches were asked for', async () => {
    vi.doMock('koffi', () => {
      throw new Error('Cannot find the native Koffi module');
    });
    await expect(listenUdp({ ...options, implementation: 'batch' })).rejects.toMatchObject({
      code: 'CLI_USAGE',
    });
  });
});

describe('loadLibcSockets', () => {
  it('tries the library of musl next, and tells all that was tried', async () => {
    const tried: string[] = [];
    vi.doMock('koffi', () => ({
      load: (name: string) => {
        tried.push(name);
        throw new Error(`${name}: cannot open shared object file`);
      },
    }));
    const result = await loadLibcSockets();
    expect(tried[0]).toBe('libc.so.6');
    expect(tried[1]).toMatch(/^libc\.musl-\w+\.so\.1$/);
    for (const name of tried)
      expect(result).toMatchObject({ reason: expect.stringContaining(name) });
  });

  it('does not trust a library whose sendmmsg does not answer as Linux does', async () => {
    vi.doMock('koffi', () => ({
      load: () => ({ func: () => () => -1 }),
      errno: () => 38,
    }));
    expect(await loadLibcSockets()).toMatchObject({ reason: expect.stringContaining('errno 38') });
  });

  it('gives a reason on other platforms', async () => {
    vi.stubGlobal('process', { ...process, platform: 'darwin', arch: 'arm64' });
    expect(await loadLibcSockets()).toEqual({ reason: 'not built for darwin on arm64' });
  });
});
