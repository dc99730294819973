/** /health: says that the process lives, until its very end (CoreDNS plugin/health). */
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpEndpoint, openHttpEndpoint } from './http-endpoint.js';
import type { Logger } from './logger.js';

export interface HealthEndpointOptions {
  readonly address: string;
  readonly port: number;
  /** How long the server goes on answering after it was told to stop, in milliseconds; 0: not at all. */
  readonly lameduckMs: number;
  readonly logger: Logger;
}

export interface HealthEndpoint extends HttpEndpoint {
  /**
   * Waits out the time in which clients learn that this server goes away. Everything is served
   * meanwhile, /health too; an abort ends the wait at once.
   */
  lameduck(signal?: AbortSignal): Promise<void>;
}

/**
 * Serves GET /health: 200 OK for as long as the process can answer at all.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function openHealthEndpoint(options: HealthEndpointOptions): Promise<HealthEndpoint> {
  const { address, port, lameduckMs, logger } = options;
  const endpoint = await openHttpEndpoint({
    name: 'health',
    address,
    port,
    logger,
    routes: { '/health': () => ({ status: 200, body: 'OK' }) },
  });
  return {
    ...endpoint,
    async lameduck(signal) {
      if (lameduckMs === 0) return;
      logger.info({ lameduckMs }, 'going on for a while before the end');
      await delay(lameduckMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    },
  };
}
