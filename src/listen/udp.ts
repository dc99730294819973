/** Opens a UDP listener: in batches where that works, one datagram at a time elsewhere, and says which. */
import { SvcdnsError } from '../errors.js';
import type { Listener } from './answerer.js';
import { loadLibcSockets } from './libc-sockets.js';
import { listenUdpBatch } from './udp-batch.js';
import type { UdpOptions } from './udp-options.js';
import { listenUdpPlain } from './udp-plain.js';

/** A UDP listener and how it is to work. */
export interface ListenUdpOptions extends UdpOptions {
  /** `auto` (the default) takes batches where the platform has them; `batch` fails where it has not. */
  readonly implementation?: 'auto' | 'batch' | 'plain';
}

/**
 * Opens the socket and logs which implementation runs and why.
 *
 * @throws {SvcdnsError} ADDRESS_IN_USE, ADDRESS_NOT_ALLOWED; CLI_USAGE where batches were asked for
 * and cannot be had
 */
export async function listenUdp(options: ListenUdpOptions): Promise<Listener> {
  const { implementation = 'auto', logger } = options;
  if (implementation === 'plain')
    return announce(await listenUdpPlain(options), 'asked for', logger);
  const libc = await loadLibcSockets();
  if (!('reason' in libc)) {
    const why = `${libc.library} is there`;
    return announce(await listenUdpBatch({ ...options, libc }), why, logger);
  }
  if (implementation === 'batch') {
    throw new SvcdnsError('CLI_USAGE', `no batches of datagrams here: ${libc.reason}`, {
      where: options.server,
      mend: 'leave the choice to the server',
    });
  }
  return announce(await listenUdpPlain(options), libc.reason, logger);
}

function announce(listener: Listener, reason: string, logger: UdpOptions['logger']): Listener {
  const { server, transport, implementation, address, port } = listener;
  logger.info({ server, transport, implementation, reason, address, port }, 'listening');
  return listener;
}
