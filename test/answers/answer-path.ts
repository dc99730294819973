/** The ways on which a case's questions reach an answer: bytes in, bytes out. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type Answerer, ASK_CHAIN } from '../../src/listen/answerer.js';
import type { Transport } from './case-file.js';

/** Sends one query over one transport and gives the reply. Rejects when none comes. */
export type Ask = (query: Uint8Array, transport: Transport) => Promise<Uint8Array>;

/** Long enough for a machine that is busy with something else. */
const PATIENCE_MS = 10_000;

/** Asks an answerer without a socket. */
export function inProcess(answererFor: (transport: Transport) => Answerer): Ask {
  const out = new Uint8Array(65_535);
  return async (query, transport) => {
    const answerer = answererFor(transport);
    const capacity = transport === 'udp' ? 4096 : out.length;
    const length = answerer.answer(query, 0, query.length, out, 0, capacity);
    if (length > 0) return out.slice(0, length);
    const client = { address: '127.0.0.1', port: 40_000, transport, server: 'dns://:53' };
    const bytes =
      length === ASK_CHAIN ? await answerer.resolve(Uint8Array.from(query), client) : undefined;
    if (bytes === undefined) throw new Error('nothing is sent');
    return bytes;
  };
}

/** Asks a server on 127.0.0.1 over the transport's own socket. */
export function overSockets(port: number): Ask {
  return (query, transport) => (transport === 'udp' ? overUdp(query, port) : overTcp(query, port));
}

function overUdp(query: Uint8Array, port: number): Promise<Uint8Array> {
  const socket = createSocket('udp4');
  return patiently<Uint8Array>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', resolve);
    socket.send(query, port, '127.0.0.1');
  }).finally(() => socket.close());
}

function overTcp(query: Uint8Array, port: number): Promise<Uint8Array> {
  const socket = connect(port, '127.0.0.1');
  return patiently<Uint8Array>((resolve, reject) => {
    let stream: Buffer = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('end', () => reject(new Error('the connection was closed')));
    socket.on('data', (chunk: Buffer) => {
      stream = Buffer.concat([stream, chunk]);
      const length = stream.length < 2 ? Number.POSITIVE_INFINITY : stream.readUInt16BE(0);
      if (stream.length >= 2 + length) resolve(Uint8Array.from(stream.subarray(2, 2 + length)));
    });
    socket.write(Buffer.concat([Uint8Array.of(query.length >> 8, query.length & 0xff), query]));
  }).finally(() => socket.destroy());
}

function patiently<T>(
  start: (resolve: (value: T) => void, reject: (reason: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no reply')), PATIENCE_MS);
    const done = <A>(settle: (argument: A) => void) => {
      return (argument: A): void => {
        clearTimeout(timer);
        settle(argument);
      };
    };
    start(done(resolve), done(reject));
  });
}
