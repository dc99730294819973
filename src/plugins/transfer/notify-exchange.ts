/** One NOTIFY to one secondary: sent until it is answered, or often enough (RFC 1996 §3.6). */
import { createSocket, type Socket } from 'node:dgram';
import type { Clock, Timer } from '../forward/clock.js';
import { notifyMessage, notifyReplyId } from './notify-message.js';
import type { NotifyTarget } from './options.js';

/** Until the second attempt; each wait is twice the one before. */
const FIRST_WAIT_MS = 1_000;
const ATTEMPTS = 5;

export interface NotifyExchangeOptions {
  readonly id: number;
  readonly zone: string;
  readonly target: NotifyTarget;
  readonly clock: Clock;
  /** Called once: whether the secondary answered; never after {@link NotifyExchange.cancel}. */
  done(answered: boolean): void;
}

export class NotifyExchange {
  readonly #options: NotifyExchangeOptions;
  readonly #socket: Socket;
  #timer: Timer | undefined;
  #attempts = 0;
  #over = false;

  constructor(options: NotifyExchangeOptions) {
    this.#options = options;
    const { target, zone, id } = options;
    this.#socket = createSocket(target.address.includes(':') ? 'udp6' : 'udp4').unref();
    // a connected socket gets datagrams of its peer alone; one that nobody listens for is an error
    this.#socket.on('error', () => {});
    this.#socket.on('message', (bytes) => {
      if (notifyReplyId(bytes, zone) === id) this.#end(true);
    });
    this.#socket.connect(target.port, target.address, () => this.#send());
  }

  cancel(): void {
    this.#close();
  }

  #send(): void {
    if (this.#over) return;
    if (this.#attempts >= ATTEMPTS) {
      this.#end(false);
      return;
    }
    const { id, zone, clock } = this.#options;
    this.#socket.send(notifyMessage(id, zone), () => {});
    this.#timer = clock.after(FIRST_WAIT_MS * 2 ** this.#attempts, () => this.#send());
    this.#attempts += 1;
  }

  #end(answered: boolean): void {
    if (this.#over) return;
    this.#close();
    this.#options.done(answered);
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#socket.close();
  }
}
