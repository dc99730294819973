/**
 * Finds out whether ports are free before several threads share them, and chooses those that are 0.
 *
 * Sockets that share a port never say that somebody else has it: another svcdns of the same user would
 * silently get half of the queries.
 */
import type { Answerer } from './listen/answerer.js';
import { listenTcp } from './listen/tcp.js';
import { listenUdpPlain } from './listen/udp-plain.js';
import { type ListenerSpec, serverLabel } from './listener-spec.js';
import { silentLogger } from './observe/logger.js';

/** How often another port is tried where the system chooses it. */
const PORT_ATTEMPTS = 20;

const NOBODY: Answerer = { answer: () => 0, resolve: async () => undefined };

/**
 * The port of a spec, chosen when it is 0; it was free for UDP and TCP a moment ago.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function probePort(spec: ListenerSpec): Promise<number> {
  const shared = {
    server: serverLabel(spec),
    address: spec.address,
    answerer: NOBODY,
    logger: silentLogger,
  };
  if (spec.scheme !== 'dns') {
    const stream = await listenTcp({ ...shared, port: spec.port });
    await stream.close(0);
    return stream.port;
  }
  for (let attempt = 1; ; attempt++) {
    const udp = await listenUdpPlain({ ...shared, port: spec.port });
    try {
      const tcp = await listenTcp({ ...shared, port: udp.port });
      await tcp.close(0);
      return udp.port;
    } catch (error) {
      // a port that the system chose for UDP may be taken for TCP
      if (spec.port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    } finally {
      await udp.close(0);
    }
  }
}
