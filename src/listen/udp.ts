/** Opens a UDP listener: in batches where that works, one datagram at a time elsewhere; says which. */
import { SvcdnsError } from '../errors.js';
import type { Listener } from './answerer.js';
import { openBoundSocket } from './bound-socket.js';
import { type LibcSockets, loadLibcSockets } from './libc-sockets.js';
import { listenUdpBatch } from './udp-batch.js';
import type { UdpOptions } from './udp-options.js';
import { listenUdpPlain } from './udp-plain.js';

/** A UDP listener and how it is to work. */
export interface ListenUdpOptions extends UdpOptions {
  /** `auto` (the default) takes batches where the platform has them; `batch` fails where it has not. */
  readonly implementation?: 'auto' | 'batch' | 'plain';
}

/** The first Node with the option in dgram itself, major and minor. */
const SHARING_DGRAM = [22, 12] as const;

/** Whether `reusePort` works here: by the C library, or where dgram has learnt it. */
export async function canSharePorts(): Promise<boolean> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [sinceMajor, sinceMinor] = SHARING_DGRAM;
  if (major > sinceMajor || (major === sinceMajor && minor >= sinceMinor)) return true;
  return !('reason' in (await loadLibcSockets()));
}

/**
 * Opens the socket and logs which implementation runs and why.
 *
 * @throws SvcdnsError ADDRESS_IN_USE, ADDRESS_NOT_ALLOWED; CLI_USAGE where batches were asked for and
 * cannot be had
 */
export async function listenUdp(options: ListenUdpOptions): Promise<Listener> {
  const { implementation = 'auto', logger, server } = options;
  const libc = await loadLibcSockets();
  if ('reason' in libc) {
    if (implementation === 'batch') throw noBatches(libc.reason, server);
    logger.info({ server, reason: libc.reason }, 'datagrams go one by one: no batches here');
    return listenUdpPlain(options);
  }
  if (implementation === 'plain') {
    logger.info({ server, reason: 'asked for' }, 'datagrams go one by one');
    return options.reusePort === true ? shareUdpPlain(options, libc) : listenUdpPlain(options);
  }
  logger.info({ server, library: libc.library }, 'datagrams go in batches');
  return listenUdpBatch({ ...options, libc });
}

async function shareUdpPlain(options: ListenUdpOptions, libc: LibcSockets): Promise<Listener> {
  const { fd, family } = openBoundSocket({ ...options, libc });
  const address = options.address !== '' || family === 6 ? options.address : '0.0.0.0';
  return listenUdpPlain({ ...options, address, adoptedFd: fd });
}

function noBatches(reason: string, server: string): SvcdnsError {
  return new SvcdnsError('CLI_USAGE', `no batches of datagrams here: ${reason}`, {
    where: server,
    mend: 'leave the choice to the server',
  });
}
