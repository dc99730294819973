/** A UDP client that sends many datagrams before anybody else gets a turn. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { openBoundSocket } from '../../src/listen/bound-socket.js';
import type { LibcSockets } from '../../src/listen/libc-sockets.js';
import { IPV6_LENGTH, writeSocketAddress } from '../../src/listen/socket-address.js';

/** Sends synchronously by way of the C library and collects what comes back. */
export class BurstClient {
  readonly replies: Buffer[] = [];
  readonly port: number;
  readonly #socket: Socket;
  readonly #libc: LibcSockets;
  readonly #fd: number;
  #tell: (() => void) | undefined;

  constructor(socket: Socket, libc: LibcSockets, fd: number) {
    this.#socket = socket;
    this.#libc = libc;
    this.#fd = fd;
    this.port = socket.address().port;
    socket.on('message', (bytes) => {
      this.replies.push(bytes);
      this.#tell?.();
    });
  }

  send(bytes: Uint8Array, address: string, port: number): void {
    const to = new Uint8Array(IPV6_LENGTH);
    const length = writeSocketAddress(address, port, to, 0);
    if (this.#libc.sendTo(this.#fd, bytes, to, length) !== bytes.length) {
      throw new Error(`nothing sent: errno ${this.#libc.errno()}`);
    }
  }

  /** Resolves when as many replies have come. */
  async received(count: number): Promise<readonly Buffer[]> {
    while (this.replies.length < count) {
      await new Promise<void>((resolve) => {
        this.#tell = resolve;
      });
    }
    return this.replies;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}

export async function openBurstClient(libc: LibcSockets, address: string): Promise<BurstClient> {
  const { fd, family } = openBoundSocket({ libc, address, port: 0 });
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const listening = once(socket, 'listening');
  socket.bind({ fd });
  await listening;
  return new BurstClient(socket, libc, fd);
}
