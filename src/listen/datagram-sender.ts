/** Sends replies in batches; what does not go at once, or not to one destination, holds up no other. */
import type { Socket } from 'node:dgram';
import type { DatagramMemory } from './datagram-memory.js';
import { ERRNO, type LibcSockets } from './libc-sockets.js';
import { AF_INET6, addressText, portOf } from './socket-address.js';

export interface DatagramSenderOptions {
  readonly libc: LibcSockets;
  /** The descriptor that `socket` adopted. */
  readonly fd: number;
  /** Its queue takes what the kernel has no room for. */
  readonly socket: Socket;
  readonly memory: DatagramMemory;
}

/** A call that signals keep interrupting is given up after as many; the client asks again. */
const INTERRUPTIONS = 8;

export class DatagramSender {
  readonly #libc: LibcSockets;
  readonly #fd: number;
  readonly #socket: Socket;
  readonly #memory: DatagramMemory;

  constructor({ libc, fd, socket, memory }: DatagramSenderOptions) {
    this.#libc = libc;
    this.#fd = fd;
    this.#socket = socket;
    this.#memory = memory;
  }

  /**
   * Sends the first `count` reply slots. sendmmsg stops at the first that fails and tells why only when
   * nothing was sent before it, so a call that sends some is followed by one for the rest.
   */
  sendReplies(count: number): void {
    let sent = 0;
    let interruptions = 0;
    while (sent < count) {
      const result = this.#libc.sendBatch(this.#fd, this.#memory.sendHeaders(sent), count - sent);
      if (result > 0) {
        sent += result;
        continue;
      }
      const errno = this.#libc.errno();
      if (errno === ERRNO.wouldBlock) {
        this.#queueReplies(sent, count);
        return;
      }
      if (errno === ERRNO.interrupted && interruptions < INTERRUPTIONS) interruptions += 1;
      else sent += 1;
    }
  }

  /** Sends one reply to a socket address. `reply` is kept while it waits; nobody may write to it. */
  send(reply: Uint8Array, to: Uint8Array): void {
    for (let attempt = 0; attempt < INTERRUPTIONS; attempt += 1) {
      if (this.#libc.sendTo(this.#fd, reply, to, to.length) >= 0) return;
      const errno = this.#libc.errno();
      if (errno === ERRNO.wouldBlock) this.#queue(reply, to, 0);
      if (errno !== ERRNO.interrupted) return;
    }
  }

  #queueReplies(from: number, count: number): void {
    const memory = this.#memory;
    for (let reply = from; reply < count; reply += 1) {
      this.#queue(memory.copyReply(reply), memory.bytes, memory.destinationStart(reply));
    }
  }

  /** dgram sends it when there is room; errors have no listener, as for any reply. */
  #queue(reply: Uint8Array, bytes: Uint8Array, address: number): void {
    const text = addressText(bytes, address);
    const mapped = bytes[address] === AF_INET6 && !text.includes(':');
    this.#socket.send(reply, portOf(bytes, address), mapped ? `::ffff:${text}` : text);
  }
}
