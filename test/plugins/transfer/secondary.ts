/** A secondary: Knot DNS on loopback, which asks for the zone and takes NOTIFY. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Secondary {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, process: ChildProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  static async start(port: number, primaryPort: number, zone: string): Promise<Secondary> {
    const folder = await mkdtemp(join(tmpdir(), 'svcdns-knot-'));
    const config = join(folder, 'knot.conf');
    await writeFile(
      config,
      `server:
  rundir: "${folder}"
  listen: 127.0.0.1@${port}
log:
  - target: stderr
    any: error
database:
  storage: "${folder}"
remote:
  - id: primary
    address: 127.0.0.1@${primaryPort}
acl:
  - id: primary
    address: 127.0.0.1
    action: notify
zone:
  - domain: ${zone}
    storage: "${folder}"
    master: primary
    acl: primary
    zonefile-sync: -1
    journal-content: none
    refresh-min-interval: 2
`,
    );
    const knotd = spawn('knotd', ['-c', config], { stdio: 'ignore' });
    return new Secondary(port, knotd, folder);
  }

  async close(): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill();
      await once(this.#process, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
