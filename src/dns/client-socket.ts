/**
 * The socket that a client of somebody else's makes and keeps to itself: taken hold of as it is made, by
 * Node's public diagnostics channels, so that its octets can be seen and its time limited.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';

/** When to give up. */
export interface Deadline {
  /** One try, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What both kinds of sockets have in common here. */
export interface ClientSocket extends EventEmitter {
  destroy?: () => unknown;
  close?: () => unknown;
}

/** Runs `open`, which makes one socket before its first await, and gives that socket as well. */
export function withSocket<T>(
  transport: 'udp' | 'tcp',
  open: () => T,
): { result: T; socket: ClientSocket | undefined } {
  const channel = transport === 'tcp' ? 'net.client.socket' : 'udp.socket';
  let socket: ClientSocket | undefined;
  const take = (message: unknown): void => {
    if (typeof message === 'object' && message !== null && 'socket' in message) {
      if (message.socket instanceof EventEmitter) socket = message.socket;
    }
  };
  subscribe(channel, take);
  try {
    return { result: open(), socket };
  } finally {
    unsubscribe(channel, take);
  }
}

/** Keeps what a socket receives; gives the message once dns2 has accepted it. */
export function receivedBy(
  socket: ClientSocket | undefined,
  transport: 'udp' | 'tcp',
): () => Uint8Array {
  if (transport === 'udp') {
    let last: Buffer = Buffer.alloc(0);
    socket?.on('message', (message: Buffer) => {
      last = message;
    });
    return () => last;
  }
  const chunks: Buffer[] = [];
  // dns2 reads on 'readable'; a data listener only sees what it reads and does not change the flow
  socket?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => {
    const stream = Buffer.concat(chunks);
    return stream.subarray(2, 2 + (stream.length < 2 ? 0 : stream.readUInt16BE(0)));
  };
}

/**
 * Waits for `reply`, at most for the time given, and leaves no socket behind.
 * @throws Error with code ETIMEDOUT, AbortError on the signal, or what `reply` rejects with
 */
export async function withinTime<T>(
  reply: Promise<T>,
  within: Deadline,
  socket: ClientSocket | undefined,
): Promise<T> {
  const deadline = AbortSignal.any([within.signal, AbortSignal.timeout(within.timeoutMs)]);
  let stop = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    stop = () => {
      const error = within.signal.aborted
        ? new DOMException('the query was given up', 'AbortError')
        : Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
      closeQuietly(socket);
      reject(error);
    };
    if (deadline.aborted) stop();
    deadline.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    deadline.removeEventListener('abort', stop);
    closeQuietly(socket);
  }
}

/** Closes whatever kind it is; a UDP socket that its client has closed already says so by an exception. */
function closeQuietly(socket: ClientSocket | undefined): void {
  try {
    if (socket?.destroy === undefined) socket?.close?.();
    else socket.destroy();
  } catch {
    // closed before: what was wanted
  }
}
