/** How the address of a peer is written, and how an error of binding is told to the operator. */
import { SvcdnsError } from '../errors.js';

const MAPPED = '::ffff:';

/** The textual address of a peer; an IPv4-mapped one (RFC 4291 §2.5.5.2) is given as IPv4. */
export function clientAddress(address: string): string {
  return address.startsWith(MAPPED) && address.includes('.')
    ? address.slice(MAPPED.length)
    : address;
}

/** An address and port as they stand in logs: `127.0.0.1:53`, `[::1]:53`. */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The `code` of an error of Node's, or the empty string. */
export function errorCodeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Whether binding failed because the machine has no address of that family at all. */
export function isFamilyMissing(error: unknown): boolean {
  const cause = error instanceof SvcdnsError ? error.cause : error;
  return ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(errorCodeOf(cause));
}

/** Says what can be done about an address that could not be bound; any other error is given back. */
export function bindError(error: unknown, where: string, protocol: 'UDP' | 'TCP'): unknown {
  switch (errorCodeOf(error)) {
    case 'EADDRINUSE':
      return new SvcdnsError('ADDRESS_IN_USE', `another process listens on this ${protocol} port`, {
        where,
        mend: 'stop it, or choose another port (-dns.port, or the port in the Corefile)',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new SvcdnsError(
        'ADDRESS_NOT_ALLOWED',
        `this process may not listen on this ${protocol} port`,
        {
          where,
          mend: 'grant the capability NET_BIND_SERVICE, or choose a port above 1023',
          cause: error,
        },
      );
    case 'EADDRNOTAVAIL':
      return new SvcdnsError('ADDRESS_NOT_ALLOWED', 'this machine does not have the address', {
        where,
        mend: 'choose an address of one of its interfaces (bind in the Corefile)',
        cause: error,
      });
    default:
      return error;
  }
}
