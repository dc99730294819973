/** Opens the sockets of one spec on the thread that answers on them. */
import type { Plan } from './corefile/plan.js';
import type { DataSide } from './data-side.js';
import { SvcdnsError } from './errors.js';
import type { Listener } from './listen/answerer.js';
import { listenUdp } from './listen/udp.js';
import { type ListenerSpec, serverLabel } from './listener-spec.js';
import type { Logger } from './observe/logger.js';
import { openStreamListener, streamSettings } from './open-stream-listener.js';

/** How long queries in flight may take when a listener ends, as CoreDNS's graceful stop. */
export const DRAIN_MS = 5000;

/** How often another port is tried where the system chooses it. */
const PORT_ATTEMPTS = 20;

/** What sockets are opened with. */
export interface OpenListenerOptions {
  /** Where limits and certificates stand. */
  readonly plan: Plan;
  readonly logger: Logger;
  readonly udpImplementation: 'auto' | 'batch' | 'plain';
  /** Other threads of this process listen on the same ports. */
  readonly reusePort: boolean;
}

/**
 * Opens UDP and TCP, both or none; one stream socket for DNS over TLS or HTTPS.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function openListener(
  spec: ListenerSpec,
  side: DataSide,
  options: OpenListenerOptions,
): Promise<Listener[]> {
  if (spec.scheme !== 'dns') return [await openStream(spec, side, options, undefined)];
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
  options: OpenListenerOptions,
): Promise<Listener[]> {
  const { logger, udpImplementation, reusePort } = options;
  const udp = await listenUdp({
    server: serverLabel(spec),
    address: spec.address,
    logger: logger.child({ room: 'listen' }),
    reusePort,
    port: spec.boundPort ?? spec.port,
    answerer: side.answererFor(spec, 'udp'),
    implementation: udpImplementation,
  });
  try {
    // port 0 is chosen once, so that both transports share it
    return [udp, await openStream(spec, side, options, udp.port)];
  } catch (error) {
    await udp.close(0);
    throw error;
  }
}

function openStream(
  spec: ListenerSpec,
  side: DataSide,
  { plan, logger, reusePort }: OpenListenerOptions,
  port: number | undefined,
): Promise<Listener> {
  return openStreamListener(spec, {
    answerer: side.answererFor(spec, streamTransport(spec)),
    settings: streamSettings(plan, spec),
    logger: logger.child({ room: 'listen' }),
    reusePort,
    ...(port === undefined ? {} : { port }),
  });
}

/** The transport of a spec's stream socket. */
function streamTransport({ scheme }: ListenerSpec): 'tcp' | 'tls' | 'https' {
  if (scheme === 'https') return 'https';
  return scheme === 'tls' ? 'tls' : 'tcp';
}
