/** UDP datagrams with a header of our own: what no ordinary socket can send. Only for root. */
import { IPV4_LENGTH, writeSocketAddress } from '../../src/listen/socket-address.js';

const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_UDP = 17;

type SendTo = (
  fd: number,
  bytes: Uint8Array,
  length: number,
  flags: number,
  address: Uint8Array,
  addressLength: number,
) => number;

export class RawUdp {
  readonly #fd: number;
  readonly #sendTo: SendTo;
  readonly #close: (fd: number) => number;

  private constructor(fd: number, sendTo: SendTo, close: (fd: number) => number) {
    this.#fd = fd;
    this.#sendTo = sendTo;
    this.#close = close;
  }

  static async open(): Promise<RawUdp> {
    const lib = (await import('koffi')).load('libc.so.6');
    const socket: (family: number, type: number, protocol: number) => number = lib.func(
      'int socket(int, int, int)',
    );
    const sendTo: SendTo = lib.func('long sendto(int, void *, size_t, int, void *, unsigned int)');
    const close: (fd: number) => number = lib.func('int close(int)');
    const fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
    if (fd < 0) throw new Error('raw sockets are not allowed');
    return new RawUdp(fd, sendTo, close);
  }

  /** From and to ports of 127.0.0.1; the checksum is left out (RFC 768 allows it). */
  send({ from, to, bytes }: { from: number; to: number; bytes: Uint8Array }): void {
    const datagram = Buffer.alloc(8 + bytes.length);
    datagram.writeUInt16BE(from, 0);
    datagram.writeUInt16BE(to, 2);
    datagram.writeUInt16BE(datagram.length, 4);
    datagram.set(bytes, 8);
    const address = new Uint8Array(32);
    writeSocketAddress('127.0.0.1', 0, address, 0);
    const sent = this.#sendTo(this.#fd, datagram, datagram.length, 0, address, IPV4_LENGTH);
    if (sent !== datagram.length) throw new Error('the raw datagram was not sent');
  }

  async close(): Promise<void> {
    this.#close(this.#fd);
  }
}
