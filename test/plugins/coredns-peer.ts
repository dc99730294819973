/** CoreDNS itself as a process, one port a block, asked the same questions as the block under test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeMessage, type Message } from '../../src/wire/message.js';

/** Where the binary is; empty: there is none, and comparisons are skipped. */
export const COREDNS_BIN: string = process.env['COREDNS_BIN'] ?? '';

export class CorednsPeer {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #ports: readonly number[];

  private constructor(process: ChildProcess, folder: string, ports: readonly number[]) {
    this.#process = process;
    this.#folder = folder;
    this.#ports = ports;
  }

  /** Starts it with one block for all names for each of the texts. */
  static async open(bodies: readonly string[], attempts = 3): Promise<CorednsPeer> {
    try {
      return await CorednsPeer.#start(bodies);
    } catch (error) {
      // somebody else may have taken a port in the meantime
      if (attempts === 1) throw error;
      return CorednsPeer.open(bodies, attempts - 1);
    }
  }

  static async #start(bodies: readonly string[]): Promise<CorednsPeer> {
    const ports = await freePorts(bodies.length);
    const folder = mkdtempSync(join(tmpdir(), 'coredns-'));
    const blocks = bodies.map((body, i) => `.:${ports[i]} {\nbind 127.0.0.1\n${body}\n}\n`);
    const file = join(folder, 'Corefile');
    writeFileSync(file, blocks.join(''));
    const child = spawn(COREDNS_BIN, ['-conf', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const listen = (chunk: Buffer): void => {
        said += chunk.toString();
        if (said.includes('CoreDNS-')) resolve();
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`CoreDNS ended: ${said}`)));
    });
    return new CorednsPeer(child, folder, ports);
  }

  /** Sends a message to the block of that position. */
  async ask(block: number, query: Uint8Array): Promise<Message | undefined> {
    const socket = createSocket('udp4');
    try {
      const reply = await new Promise<Uint8Array | undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), 1500);
        socket.once('message', (bytes) => {
          clearTimeout(timer);
          resolve(bytes);
        });
        socket.send(query, this.#ports[block] ?? 0, '127.0.0.1');
      });
      return reply && decodeMessage(reply);
    } finally {
      socket.close();
    }
  }

  async close(): Promise<void> {
    this.#process.removeAllListeners('exit');
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true });
  }
}

/** So many UDP ports that nobody uses now. */
async function freePorts(count: number): Promise<number[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    sockets.push(socket);
  }
  const ports = sockets.map((socket) => socket.address().port);
  await Promise.all(
    sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
  );
  return ports;
}
