/** CoreDNS beside us: the same Corefile, the same API. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { RRCLASS } from '../../src/dns/rrclass.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { encodeMessage, message } from '../../src/wire/message.js';

export interface CorednsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A TCP port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/**
 * Starts the binary and waits until it is ready.
 * @throws Error with its output when it ends before
 */
export async function startCoredns(
  binary: string,
  corefile: string,
  env: Readonly<Record<string, string>>,
): Promise<CorednsServer> {
  const port = await freeDnsPort();
  const child = spawn(binary, ['-conf', corefile, '-dns.port', String(port)], {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    output += data;
  });
  const ended = once(child, 'exit');
  // it tells nobody when it is ready but those who ask
  const readyPort = env['ANSWERS_READY_PORT'] ?? '';
  while (!(await isReady(readyPort)) || !(await isAnswering(port))) {
    if (child.exitCode !== null) throw new Error(`CoreDNS ended:\n${output}`);
    await pause(50);
  }
  return {
    port,
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function isReady(port: string): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** It says that it is ready before it listens: whether a question is answered within a moment. */
async function isAnswering(port: number): Promise<boolean> {
  const question = { qname: 'cluster.local.', qtype: RRTYPE.SOA, qclass: RRCLASS.IN };
  const socket = createSocket('udp4');
  const answered = once(socket, 'message').then(() => true);
  socket.send(encodeMessage(message({ id: 1, question: [question] })), port, '127.0.0.1');
  const isAnswered = await Promise.race([answered, pause(50).then(() => false)]);
  socket.close();
  return isAnswered;
}

/** A port that is free over UDP too: CoreDNS cannot be asked which one it took. */
async function freeDnsPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const socket = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      socket.on('error', () => resolve(false));
      socket.bind(port, () => resolve(true));
    });
    socket.close();
    if (isFree) return port;
  }
}
