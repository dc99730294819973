/** A stream client that gathers replies. */
import type { Socket } from 'node:net';
import { FrameSplitter, frame } from '../../src/wire/tcp-frame.js';

export class StreamClient {
  readonly socket: Socket;
  readonly replies: string[] = [];
  readonly #splitter = new FrameSplitter();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#splitter.push(chunk);
      while (this.#splitter.next()) {
        const { bytes, start, length } = this.#splitter;
        this.replies.push(Buffer.from(bytes.subarray(start, start + length)).toString('latin1'));
      }
    });
  }

  send(...texts: string[]): void {
    this.socket.write(Buffer.concat(texts.map((text) => frame(Buffer.from(text)))));
  }

  async until(count: number): Promise<readonly string[]> {
    while (this.replies.length < count) {
      await new Promise((resolve) => this.socket.once('data', resolve));
    }
    return this.replies;
  }
}
