/** Opens the sockets of one spec on the thread that answers on them. */
import type { DataSide } from './data-side.js';
import { SvcdnsError } from './errors.js';
import type { Listener } from './listen/answerer.js';
import { listenTcp } from './listen/tcp.js';
import { listenUdp } from './listen/udp.js';
import { type ListenerSpec, serverLabel } from './listener-spec.js';
import type { Logger } from './observe/logger.js';

/** How long queries in flight may take when a listener ends, as CoreDNS's graceful stop. */
export const DRAIN_MS = 5000;

/** How often another port is tried where the system chooses it. */
const PORT_ATTEMPTS = 20;

/** What sockets are opened with. */
export interface OpenListenerOptions {
  readonly logger: Logger;
  readonly udpImplementation: 'auto' | 'batch' | 'plain';
  /** Other threads of this process listen on the same ports. */
  readonly reusePort: boolean;
}

/**
 * Opens UDP and TCP; both or none.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function openListener(
  spec: ListenerSpec,
  side: DataSide,
  options: OpenListenerOptions,
): Promise<Listener[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openBoth(spec, side, options);
    } catch (error) {
      // a port that the system chose for UDP may be taken for TCP
      const isChosen = (spec.boundPort ?? spec.port) === 0 && attempt < PORT_ATTEMPTS;
      const isTaken = error instanceof SvcdnsError && error.code === 'ADDRESS_IN_USE';
      if (!isChosen || !isTaken) throw error;
    }
  }
}

async function openBoth(
  spec: ListenerSpec,
  side: DataSide,
  { logger, udpImplementation, reusePort }: OpenListenerOptions,
): Promise<Listener[]> {
  const shared = {
    server: serverLabel(spec),
    address: spec.address,
    logger: logger.child({ room: 'listen' }),
    reusePort,
  };
  const udp = await listenUdp({
    ...shared,
    port: spec.boundPort ?? spec.port,
    answerer: side.answererFor(spec, 'udp'),
    implementation: udpImplementation,
  });
  try {
    // port 0 is chosen once, so that both transports share it
    const answerer = side.answererFor(spec, 'tcp');
    return [udp, await listenTcp({ ...shared, port: udp.port, answerer })];
  } catch (error) {
    await udp.close(0);
    throw error;
  }
}
