/** The world outside for servers that forward: CoreDNS with zone files, since it is there anyway. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from '../test/cluster/build.js';
import { Daemon } from '../test/cluster/daemon.js';
import { freePort } from '../test/cluster/free-port.js';
import { untilAnswers } from './asker.js';
import { outsideZone, rootZone } from './zone-file.js';

export interface Upstream {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts it and waits until it answers. */
export async function startUpstream(parent: string): Promise<Upstream> {
  const folder = join(parent, 'upstream');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'example.zone'), outsideZone());
  writeFileSync(join(folder, 'root.zone'), rootZone());
  const port = await freePort();
  const corefile = join(folder, 'Corefile');
  const block = (zone: string, file: string): string =>
    `${zone}:${port} {\n  file ${join(folder, file)}\n}\n`;
  writeFileSync(corefile, block('.', 'root.zone') + block('example.com', 'example.zone'));
  const daemon = new Daemon({
    name: 'upstream',
    command: programPath('coredns'),
    args: ['-conf', corefile],
    logFile: join(folder, 'log'),
  });
  try {
    await untilAnswers(daemon, port, 'example.com');
  } catch (error) {
    await daemon.stop('SIGKILL');
    throw error;
  }
  return { port, stop: () => daemon.stop('SIGKILL') };
}
