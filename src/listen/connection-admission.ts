/** Which stream connections a listener takes: so many in all, so many of one client. */
import type { Socket } from 'node:net';
import type { Logger } from '../observe/logger.js';
import { clientAddress } from './client-address.js';
import type { TcpLimits } from './tcp-limits.js';

/** Counts connections from their first moment, those in the middle of a TLS handshake too. */
export class ConnectionAdmission {
  readonly #limits: () => TcpLimits;
  readonly #logger: Logger;
  readonly #admitted = new Set<Socket>();
  /** How many of them each client address has. */
  readonly #perClient = new Map<string, number>();
  #refused = 0;
  #closing = false;

  /** @param limits asked at each connection, so that a reload may change them */
  constructor(limits: () => TcpLimits, logger: Logger) {
    this.#limits = limits;
    this.#logger = logger;
  }

  /** Counts the connection until it closes, or destroys it. */
  admit(socket: Socket): void {
    const peer = clientAddress(socket.remoteAddress ?? '');
    const ofClient = this.#perClient.get(peer) ?? 0;
    const { connections, connectionsPerClient } = this.#limits();
    if (this.#closing || this.#admitted.size >= connections || ofClient >= connectionsPerClient) {
      this.#refuse(socket, peer, ofClient);
      return;
    }
    this.#admitted.add(socket);
    this.#perClient.set(peer, ofClient + 1);
    socket.once('close', () => {
      this.#admitted.delete(socket);
      const left = (this.#perClient.get(peer) ?? 1) - 1;
      if (left > 0) this.#perClient.set(peer, left);
      else this.#perClient.delete(peer);
    });
  }

  /** Refuses everything from now on. */
  stop(): void {
    this.#closing = true;
  }

  /** Destroys what is left, and tells how many were refused. */
  close(): void {
    this.stop();
    for (const socket of this.#admitted) socket.destroy();
    if (this.#refused > 0) {
      this.#logger.warn({ refused: this.#refused }, 'connections were refused');
    }
  }

  /** One line for the first refusal; the rest is told at the end. */
  #refuse(socket: Socket, peer: string, ofClient: number): void {
    socket.on('error', () => {});
    socket.destroy();
    this.#refused += 1;
    if (this.#refused > 1) return;
    this.#logger.warn(
      { client: peer, ofClient, open: this.#admitted.size },
      'too many connections',
    );
  }
}
