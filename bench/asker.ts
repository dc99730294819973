/** Asks single questions over UDP and times them; knows as much of the message format as that takes. */
import { createSocket, type Socket } from 'node:dgram';
import type { Daemon } from '../test/cluster/daemon.js';
import { eventually } from '../test/cluster/eventually.js';

/** A datagram that went missing is asked again after this. */
const RETRY_MS = 200;
const HEADER_BYTES = 12;
const QTYPES = { A: 1, SOA: 6, PTR: 12 } as const;

/** What of a reply is looked at. */
export interface ShortReply {
  readonly rcode: number;
  /** Records in the answer section. */
  readonly answers: number;
  /** The last four octets as an address: the one A record of a reply without OPT ends in it. */
  readonly address: string;
}

/** One socket, one question at a time. */
export class Asker {
  readonly #socket: Socket = createSocket('udp4');
  readonly #port: number;
  #id = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** One question, asked again until there is a reply. */
  async ask(name: string, type: keyof typeof QTYPES = 'A'): Promise<ShortReply> {
    this.#id = (this.#id + 1) & 0xffff;
    const query = queryMessage(this.#id, name, QTYPES[type]);
    return new Promise((resolve) => {
      const send = (): void => this.#socket.send(query, this.#port, '127.0.0.1');
      const retry = setInterval(send, RETRY_MS);
      const take = (reply: Buffer): void => {
        if (reply.length < HEADER_BYTES || reply.readUInt16BE(0) !== query.readUInt16BE(0)) return;
        clearInterval(retry);
        this.#socket.off('message', take);
        resolve({
          rcode: reply[3]! & 0x0f,
          answers: reply.readUInt16BE(6),
          address: reply.subarray(-4).join('.'),
        });
      };
      this.#socket.on('message', take);
      send();
    });
  }

  /**
   * Asks over and over until the reply has this address; undefined: no answer record at all.
   * @throws Error after `deadlineMs`
   */
  async askUntil(name: string, address: string | undefined, deadlineMs: number): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const reply = await this.ask(name);
      const found = reply.answers === 1 ? reply.address : undefined;
      if (found === address) return;
      if (performance.now() > deadline) throw new Error(`${name} was not ${address} in time`);
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/**
 * Waits until a server that was just started answers for a zone.
 * @throws Error with the end of its log when it ends instead
 */
export async function untilAnswers(daemon: Daemon, port: number, zone: string): Promise<void> {
  const asker = new Asker(port);
  try {
    await eventually(async () => {
      daemon.assertRunning();
      const { rcode } = await asker.ask(zone, 'SOA');
      if (rcode !== 0) throw new Error(`${daemon.name} says ${rcode} for ${zone}: ${daemon.log()}`);
    });
  } finally {
    asker.close();
  }
}

function queryMessage(id: number, name: string, qtype: number): Buffer {
  const labels = name
    .split('.')
    .filter((label) => label !== '')
    .flatMap((label) => [label.length, ...Buffer.from(label)]);
  const header = [id >> 8, id & 0xff, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  return Buffer.from([...header, ...labels, 0, 0, qtype, 0, 1]);
}
