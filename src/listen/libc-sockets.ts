/** The C library's calls that Node does not offer: sockets of our own making, datagrams in batches. */
import { constants, endianness } from 'node:os';

/** Errors that the callers tell apart; numbers of the system that we run on. */
export const ERRNO: Readonly<Record<'interrupted' | 'wouldBlock' | 'addressInUse', number>> = {
  interrupted: constants.errno.EINTR,
  wouldBlock: constants.errno.EAGAIN,
  addressInUse: constants.errno.EADDRINUSE,
};

/**
 * Each call as the manual page has it: results below 0 are failures, {@link LibcSockets.errno} says
 * which, and must be read before any other call. Nothing here checks lengths; the callers do, before
 * they call, since the kernel believes what it is told.
 */
export interface LibcSockets {
  /** What was loaded, for the log. */
  readonly library: string;
  /** Where `memory` begins. Valid while its ArrayBuffer lives: a backing store never moves. */
  addressOf(memory: Uint8Array): bigint;
  /** A UDP socket, not blocking and not inherited by children: its descriptor. */
  openUdp(family: number): number;
  /** The same for TCP. */
  openTcp(family: number): number;
  /** setsockopt(2) with an int. */
  setOption(fd: number, level: number, option: number, value: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  /** recvmmsg(2), never waiting: datagrams received into the first of `count` mmsghdr. */
  receiveBatch(fd: number, headers: Uint8Array, count: number): number;
  /** sendmmsg(2), never waiting: datagrams sent of the first `count` mmsghdr. */
  sendBatch(fd: number, headers: Uint8Array, count: number): number;
  /** sendto(2), never waiting. */
  sendTo(fd: number, bytes: Uint8Array, address: Uint8Array, addressLength: number): number;
  errno(): number;
}

/** Why datagrams are not read in batches: text for the log, lower case. */
export interface Unavailable {
  readonly reason: string;
}

/** socket(2), setsockopt(2): the same numbers on every architecture of {@link MUSL_NAMES}. */
const NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
export const SO_REUSEADDR = 2;
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
const MSG_DONTWAIT = 0x40;

/** 64-bit, little endian and generic socket constants: where our struct layouts were checked. */
const MUSL_NAMES: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
};

/** Loads koffi and the C library; what stands in the way is a reason, never an exception. */
export async function loadLibcSockets(): Promise<LibcSockets | Unavailable> {
  const musl = MUSL_NAMES[process.arch];
  if (process.platform !== 'linux' || musl === undefined || endianness() !== 'LE') {
    return { reason: `not built for ${process.platform} on ${process.arch}` };
  }
  try {
    const koffi = await import('koffi');
    return firstThatLoads(koffi, ['libc.so.6', `libc.musl-${musl}.so.1`]);
  } catch (error) {
    return { reason: firstLine(error) };
  }
}

type Koffi = typeof import('koffi');

function firstThatLoads(koffi: Koffi, names: readonly string[]): LibcSockets | Unavailable {
  const reasons: string[] = [];
  for (const name of names) {
    try {
      const libc = declare(koffi, name);
      // gVisor and old seccomp profiles know the library's symbol but not the system call: EBADF is
      // the one answer that a working kernel gives for descriptor -1.
      if (libc.sendBatch(-1, new Uint8Array(64), 1) < 0 && libc.errno() === constants.errno.EBADF) {
        return libc;
      }
      reasons.push(`${name}: sendmmsg is refused with errno ${libc.errno()}`);
    } catch (error) {
      reasons.push(`${name}: ${firstLine(error)}`);
    }
  }
  return { reason: reasons.join('; ') };
}

/**
 * A typed array as pointer argument costs 30 ns more than an address given as a number (300 to 270 ns
 * a call, of which the system call is the larger part), and keeps its memory alive during the call.
 */
function declare(koffi: Koffi, name: string): LibcSockets {
  const lib = koffi.load(name);
  const pointer = 'void *';
  const socket: (domain: number, type: number, protocol: number) => number = lib.func(
    'socket',
    'int',
    ['int', 'int', 'int'],
  );
  const setsockopt: (
    fd: number,
    level: number,
    option: number,
    value: Uint8Array,
    length: number,
  ) => number = lib.func('setsockopt', 'int', ['int', 'int', 'int', pointer, 'uint']);
  const bind: LibcSockets['bind'] = lib.func('bind', 'int', ['int', pointer, 'uint']);
  const close: LibcSockets['close'] = lib.func('close', 'int', ['int']);
  const recvmmsg: (
    fd: number,
    headers: Uint8Array,
    count: number,
    flags: number,
    timeout: null,
  ) => number = lib.func('recvmmsg', 'int', ['int', pointer, 'uint', 'int', pointer]);
  const sendmmsg: (fd: number, headers: Uint8Array, count: number, flags: number) => number =
    lib.func('sendmmsg', 'int', ['int', pointer, 'uint', 'int']);
  const sendto: (
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ) => number = lib.func('sendto', 'intptr_t', ['int', pointer, 'size_t', 'int', pointer, 'uint']);
  return {
    library: name,
    addressOf: (memory) => koffi.address(memory),
    openUdp: (family) => socket(family, SOCK_DGRAM | NONBLOCK_CLOEXEC, 0),
    openTcp: (family) => socket(family, SOCK_STREAM | NONBLOCK_CLOEXEC, 0),
    setOption: (fd, level, option, value) =>
      setsockopt(fd, level, option, new Uint8Array(Int32Array.of(value).buffer), 4),
    bind,
    close,
    receiveBatch: (fd, headers, count) => recvmmsg(fd, headers, count, MSG_DONTWAIT, null),
    sendBatch: (fd, headers, count) => sendmmsg(fd, headers, count, MSG_DONTWAIT),
    sendTo: (fd, bytes, address, addressLength) =>
      sendto(fd, bytes, bytes.length, MSG_DONTWAIT, address, addressLength),
    errno: () => koffi.errno(),
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}
