/** A socket made and bound by way of the C library, for dgram or net to adopt by its descriptor. */
import { getSystemErrorName } from 'node:util';
import { bindError, hostPort, isFamilyMissing } from './client-address.js';
import {
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  type LibcSockets,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOL_SOCKET,
} from './libc-sockets.js';
import { AF_INET, AF_INET6, IPV6_LENGTH, writeSocketAddress } from './socket-address.js';
import { RECEIVE_BUFFER_BYTES, type UdpOptions } from './udp-options.js';

/** The part of a listener's options that the socket depends on. */
export interface BoundSocketOptions
  extends Pick<UdpOptions, 'address' | 'port' | 'reusePort' | 'ipv6Only' | 'receiveBufferBytes'> {
  readonly libc: LibcSockets;
  /** UDP by default. */
  readonly transport?: 'udp' | 'tcp';
}

/** The caller closes `fd`, or gives it to dgram, which closes it then. */
export interface BoundSocket {
  readonly fd: number;
  /** The family of the socket: an IPv6 one may serve IPv4 too. */
  readonly family: 4 | 6;
}

/**
 * Opens and binds.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export function openBoundSocket(options: BoundSocketOptions): BoundSocket {
  const { address } = options;
  if (address !== '') return open(options, address);
  try {
    return open(options, '::');
  } catch (error) {
    if (!isFamilyMissing(error)) throw error;
    return open(options, '0.0.0.0');
  }
}

function open(options: BoundSocketOptions, address: string): BoundSocket {
  try {
    return bind(options, address);
  } catch (error) {
    const protocol = options.transport === 'tcp' ? 'TCP' : 'UDP';
    throw bindError(error, hostPort(address, options.port), protocol);
  }
}

function bind({ libc, port, ...options }: BoundSocketOptions, address: string): BoundSocket {
  const name = new Uint8Array(IPV6_LENGTH);
  const nameLength = writeSocketAddress(address, port, name, 0);
  if (nameLength === 0) throw systemError('EADDRNOTAVAIL', 'bind');
  const family = name[0] === AF_INET ? AF_INET : AF_INET6;
  const isStream = options.transport === 'tcp';
  const fd = must(libc, 'socket', isStream ? libc.openTcp(family) : libc.openUdp(family));
  const set = (level: number, option: number, value: number): void => {
    must(libc, 'setsockopt', libc.setOption(fd, level, option, value));
  };
  try {
    // as net does: connections of an earlier process in TIME_WAIT must not keep the port
    if (isStream) set(SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.reusePort === true) set(SOL_SOCKET, SO_REUSEPORT, 1);
    if (family === AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only === true ? 1 : 0);
    if (!isStream) set(SOL_SOCKET, SO_RCVBUF, options.receiveBufferBytes ?? RECEIVE_BUFFER_BYTES);
    must(libc, 'bind', libc.bind(fd, name, nameLength));
    return { fd, family: family === AF_INET ? 4 : 6 };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

function must(libc: LibcSockets, call: string, result: number): number {
  if (result < 0) throw systemError(getSystemErrorName(-libc.errno()), call);
  return result;
}

/** Shaped as Node's own errors are. */
function systemError(code: string, call: string): Error {
  return Object.assign(new Error(`${call} ${code}`), { code, syscall: call });
}
