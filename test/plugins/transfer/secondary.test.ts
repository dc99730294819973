/** Knot DNS as a secondary of the cluster's zone, and the NOTIFY that it is told of changes by. */
import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../../src/wire/message.js';
import { logLines } from '../../listen/log-lines.js';
import { hasPrograms } from '../../programs.js';
import { ClusterZone, serveCluster, service } from './cluster-zone.js';
import { freePort, Secondary } from './secondary.js';

const run = promisify(execFile);

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function addressAt(port: number, name: string): Promise<string> {
  const args = ['@127.0.0.1', '-p', String(port), '+short', '+retry=0', '+timeout=1', name, 'A'];
  return (await run('kdig', args)).stdout.trim();
}

/** A secondary that answers when the test lets it. */
async function listener(): Promise<{ socket: Socket; port: number; heard: Buffer[] }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  open.push({ close: () => socket.close() });
  const heard: Buffer[] = [];
  socket.on('message', (bytes) => heard.push(bytes));
  return { socket, port: socket.address().port, heard };
}

describe.skipIf(!hasPrograms('knotd', 'kdig'))('a secondary', () => {
  it('takes the zone, and again when it has changed', async () => {
    const now = Math.floor(Date.now() / 1000);
    const zone = new ClusterZone(service('web.shop', '10.0.0.1'), now - 10);
    const port = await freePort();
    const primary = await serveCluster(zone, `transfer cluster.local {\n to 127.0.0.1:${port}\n}`);
    open.push(primary);
    open.push(await Secondary.start(port, primary.port, 'cluster.local'));
    const name = 'web.shop.svc.cluster.local';
    await expect.poll(() => addressAt(port, name), { timeout: 10_000 }).toBe('10.0.0.1');
    const soa = await run('kdig', [
      '@127.0.0.1',
      '-p',
      String(port),
      '+short',
      'cluster.local',
      'SOA',
    ]);
    expect(soa.stdout).toContain(` ${now - 10} `);
    zone.change(service('web.shop', '10.0.0.2'), now);
    await expect.poll(() => addressAt(port, name), { timeout: 15_000 }).toBe('10.0.0.2');
  });
});

describe('NOTIFY', () => {
  it('goes to the addresses of the directive until they answer', async () => {
    const [first, second] = [await listener(), await listener()];
    const zone = new ClusterZone([], 7);
    const primary = await serveCluster(
      zone,
      `transfer cluster.local {\n to * 127.0.0.1:${first.port} 127.0.0.1:${second.port}\n}`,
    );
    open.push(primary);
    first.socket.on('message', (bytes, { port }) => {
      const { id, question } = decodeMessage(bytes) ?? { id: 0, question: [] };
      const reply = { ...decodeMessage(bytes)!, response: true, id, question };
      first.socket.send(encodeMessage(reply), port, '127.0.0.1');
    });
    // the one that says nothing is asked again
    await expect.poll(() => second.heard.length, { timeout: 5_000 }).toBeGreaterThan(1);
    expect(first.heard).toHaveLength(1);
    expect(decodeMessage(second.heard[0]!)).toMatchObject({
      opcode: 4,
      response: false,
      authoritative: true,
      question: [{ qname: 'cluster.local.', qtype: 6, qclass: 1 }],
    });
    expect(second.heard[1]).toEqual(second.heard[0]);
  });

  it('survives a secondary that is not there', async () => {
    const logger = logLines();
    const port = await freePort();
    const directive = `transfer cluster.local {\n to 127.0.0.1:${port}\n}`;
    const primary = await serveCluster(new ClusterZone([], 7), directive, logger);
    const late = createSocket('udp4').bind(port, '127.0.0.1');
    open.push({ close: () => late.close() });
    await once(late, 'message');
    await primary.close();
    expect(logger.lines.filter((line) => !line.startsWith('info'))).toEqual([]);
  });
});
