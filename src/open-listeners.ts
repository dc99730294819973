/** Opens a plan's sockets on the thread that answers on them. */
import type { DataSide } from './data-side.js';
import type { Listener } from './listen/answerer.js';
import { listenTcp } from './listen/tcp.js';
import { listenUdp } from './listen/udp.js';
import { type ListenerSpec, serverLabel } from './listener-spec.js';
import type { Logger } from './observe/logger.js';

/** How long queries in flight may take when a listener ends, as CoreDNS's graceful stop. */
export const DRAIN_MS = 5000;

/** What sockets are opened with. */
export interface OpenListenersOptions {
  readonly specs: readonly ListenerSpec[];
  readonly dataSide: DataSide;
  readonly logger: Logger;
  readonly udpImplementation: 'auto' | 'batch' | 'plain';
  /** Other threads of this process listen on the same ports. */
  readonly reusePort: boolean;
}

/**
 * Opens UDP and TCP of every spec; what was opened is closed again when one fails.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function openListeners(options: OpenListenersOptions): Promise<Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const spec of options.specs) await openSpec(spec, options, listeners);
    return listeners;
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close(0)));
    throw error;
  }
}

async function openSpec(
  spec: ListenerSpec,
  options: OpenListenersOptions,
  listeners: Listener[],
): Promise<void> {
  const { dataSide, logger, reusePort } = options;
  const shared = { server: serverLabel(spec), address: spec.address, logger, reusePort };
  const udp = await listenUdp({
    ...shared,
    port: spec.port,
    answerer: dataSide.answererFor(spec, 'udp'),
    implementation: options.udpImplementation,
  });
  listeners.push(udp);
  // port 0 is chosen once, so that both transports share it
  const answerer = dataSide.answererFor(spec, 'tcp');
  listeners.push(await listenTcp({ ...shared, port: udp.port, answerer }));
}
