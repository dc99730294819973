/** Binding the socket of a stream server, on a port of its own or on one that threads share. */
import type { Server } from 'node:net';
import { openBoundSocket } from './bound-socket.js';
import { bindError, hostPort, isFamilyMissing } from './client-address.js';
import { loadLibcSockets } from './libc-sockets.js';

/** Where a stream server listens. */
export interface StreamAddress {
  /** An IP address; empty: `::`, or `0.0.0.0` on a machine without IPv6. */
  readonly address: string;
  /** 0..65535; 0 lets the system choose. */
  readonly port: number;
  /** `::` without IPv4. */
  readonly ipv6Only?: boolean;
  /** Lets other sockets of this user share the port; needs the C library's sockets (`canSharePorts`). */
  readonly reusePort?: boolean;
}

/**
 * A server that listens.
 * @param make makes the server; called again where the machine lacks IPv6
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function openStreamServer<S extends Server>(
  make: () => S,
  where: StreamAddress,
): Promise<S> {
  const open = async (address: string): Promise<S> => {
    const server = make();
    await bind(server, address, where);
    return server;
  };
  const { address } = where;
  return open(address === '' ? '::' : address).catch((error: unknown) => {
    if (address !== '' || !isFamilyMissing(error)) throw error;
    return open('0.0.0.0');
  });
}

/** The address and port that a server is bound to. */
export function boundAddress(server: Server): { readonly address: string; readonly port: number } {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server is not bound');
  return bound;
}

async function bind(server: Server, address: string, where: StreamAddress): Promise<void> {
  const { port, ipv6Only = false, reusePort = false } = where;
  const target = reusePort
    ? await sharedPort(address, port, ipv6Only)
    : { host: address, port, ipv6Only };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...target, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    throw bindError(error, hostPort(address, port), 'TCP');
  });
}

/** What net is told to listen on, when the port is shared: a socket of ours, or its own option (Node 22.12). */
async function sharedPort(
  address: string,
  port: number,
  ipv6Only: boolean,
): Promise<Readonly<Record<string, unknown>>> {
  const libc = await loadLibcSockets();
  if ('reason' in libc) return { host: address, port, ipv6Only, reusePort: true };
  const bound = openBoundSocket({
    libc,
    address,
    port,
    reusePort: true,
    transport: 'tcp',
    ipv6Only,
  });
  return { fd: bound.fd };
}
