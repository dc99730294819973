/** The built command as a process: started on a Corefile, asked over its sockets, ended by a signal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';

const executable = fileURLToPath(new URL('../../bin/svcdns', import.meta.url));

export class ServerProcess {
  readonly folder: string;
  readonly corefile: string;
  readonly process: ChildProcess;
  #output = '';
  readonly #watchers = new Set<() => void>();

  constructor(corefileText: string, args: readonly string[] = []) {
    this.folder = mkdtempSync(join(tmpdir(), 'svcdns-e2e-'));
    this.corefile = join(this.folder, 'Corefile');
    this.write(corefileText);
    this.process = spawn(process.execPath, [executable, '-conf', this.corefile, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
        for (const watcher of this.#watchers) watcher();
      });
    }
  }

  /** All that it has printed. */
  get output(): string {
    return this.#output;
  }

  write(corefileText: string): void {
    writeFileSync(this.corefile, corefileText);
  }

  /** Resolves when a line that it printed matches, `times` times in all. */
  async printed(pattern: RegExp, times = 1): Promise<void> {
    const global = new RegExp(pattern.source, 'g');
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if ([...this.#output.matchAll(global)].length < times) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      this.process.once('exit', (code) => {
        reject(new Error(`ended with ${code} before it printed ${pattern}:\n${this.#output}`));
      });
      look();
    });
  }

  /** Sends a signal and waits for the end: its exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const gone = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill(signal);
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
    return this.process.exitCode;
  }
}

/** Asks over UDP once; rejects after 5 s without an answer. */
export async function ask(port: number, qname: string, qtype = 1): Promise<Message> {
  const socket = createSocket('udp4');
  try {
    const reply = await new Promise<Uint8Array>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer for ${qname}`)), 5000);
      socket.once('message', (bytes) => {
        clearTimeout(timer);
        resolve(bytes);
      });
      socket.once('error', reject);
      const query = encodeMessage(message({ id: 77, question: [{ qname, qtype, qclass: 1 }] }));
      socket.send(query, port, '127.0.0.1');
    });
    const decoded = decodeMessage(reply);
    if (decoded === undefined) throw new Error('the answer is no message');
    return decoded;
  } finally {
    socket.close();
  }
}

/** A port of 127.0.0.1 that was free for UDP a moment ago. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
