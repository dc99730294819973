/** /ready: says whether queries should be sent here, and if not, what is missing (CoreDNS plugin/ready). */
import { type HttpEndpoint, openHttpEndpoint } from './http-endpoint.js';
import type { Logger } from './logger.js';

export interface ReadyEndpointOptions {
  readonly address: string;
  readonly port: number;
  /** What is missing, one item a line; empty: ready. Asked at each request. */
  readonly readiness: () => readonly string[];
  /** `until-ready`: once ready, it is not asked again. */
  readonly monitor: 'until-ready' | 'continuously';
  readonly logger: Logger;
}

export interface ReadyEndpoint extends HttpEndpoint {
  /** From now on not ready: the server is going away. */
  shutdown(): void;
}

/**
 * Serves GET /ready: 200 OK, or 503 with the list of what is missing.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function openReadyEndpoint(options: ReadyEndpointOptions): Promise<ReadyEndpoint> {
  const { address, port, readiness, monitor, logger } = options;
  let wasReady = false;
  let stopping = false;
  const missing = (): readonly string[] => {
    if (stopping) return ['shutting down'];
    if (wasReady && monitor === 'until-ready') return [];
    const items = readiness();
    if (items.length === 0) wasReady = true;
    return items;
  };
  const endpoint = await openHttpEndpoint({
    name: 'ready',
    address,
    port,
    logger,
    routes: {
      '/ready': () => {
        const items = missing();
        return items.length === 0
          ? { status: 200, body: 'OK' }
          : { status: 503, body: `${items.join('\n')}\n` };
      },
    },
  });
  return {
    ...endpoint,
    shutdown() {
      stopping = true;
    },
  };
}
