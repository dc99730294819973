/** The world outside the cluster: a name server that knows one address and denies everything else. */
import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { freePort } from './free-port.js';

export interface Upstream {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Everything that exists outside: this name with this address (RFC 5737). */
export const OUTSIDE = { name: 'www.example.com', address: [192, 0, 2, 53] } as const;

const HEADER_BYTES = 12;
const NXDOMAIN = 3;
const TYPE_A = 1;

/** Listens on 127.0.0.1 over UDP and TCP, since a forwarder may keep to its client's transport. */
export async function startUpstream(): Promise<Upstream> {
  const port = await freePort();
  const udp = createSocket('udp4');
  udp.on('message', (query, from) => udp.send(replyTo(query), from.port, from.address));
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => socket.destroy());
    answerFrames(socket);
  });
  await new Promise<void>((resolve) => tcp.listen(port, '127.0.0.1', resolve));
  return {
    port,
    close: async () => {
      for (const socket of connections) socket.destroy();
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
      await new Promise<void>((resolve) => udp.close(() => resolve()));
    },
  };
}

function answerFrames(socket: Socket): void {
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const reply = replyTo(pending.subarray(2, end));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
      pending = pending.subarray(end);
    }
  });
}

/** Header, question as it came, and at most one A record that points at it. */
function replyTo(query: Buffer): Buffer {
  const end = questionEnd(query);
  const labels: string[] = [];
  for (let at = HEADER_BYTES; query[at] !== 0; at += query[at]! + 1) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
  }
  const exists = labels.join('.').toLowerCase() === OUTSIDE.name;
  const answered = exists && query.readUInt16BE(end - 4) === TYPE_A;
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  // QR and RD as asked; RA and the rcode.
  header.writeUInt8(0x80 | (query[2]! & 0x01), 2);
  header.writeUInt8(0x80 | (exists ? 0 : NXDOMAIN), 3);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answered ? 1 : 0, 6);
  const record = [0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4, ...OUTSIDE.address];
  return Buffer.concat([
    header,
    query.subarray(HEADER_BYTES, end),
    Buffer.from(answered ? record : []),
  ]);
}

function questionEnd(query: Buffer): number {
  let at = HEADER_BYTES;
  while (query[at] !== 0) at += query[at]! + 1;
  return at + 5;
}
