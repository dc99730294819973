/** /metrics: everything that is counted, for scrapers (CoreDNS plugin/metrics). */
import { type HttpEndpoint, openHttpEndpoint } from '../http-endpoint.js';
import type { Logger } from '../logger.js';
import type { MetricsRegistry } from './metrics-registry.js';

export interface MetricsEndpointOptions {
  /** An IP address; empty: all addresses. */
  readonly address: string;
  readonly port: number;
  /** Whether the runtime's own metrics are served too. */
  readonly runtimeMetrics: boolean;
  readonly registry: MetricsRegistry;
  readonly logger: Logger;
}

/**
 * Serves GET /metrics in Prometheus's text format, or as OpenMetrics where the scraper asks for it.
 * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED
 */
export async function openMetricsEndpoint(options: MetricsEndpointOptions): Promise<HttpEndpoint> {
  const { address, port, runtimeMetrics, registry, logger } = options;
  return openHttpEndpoint({
    name: 'prometheus',
    address,
    port,
    logger,
    routes: {
      '/metrics': async ({ accept = '' }) => {
        const exposition = await registry.exposition({ accept, runtimeMetrics });
        return { status: 200, ...exposition };
      },
    },
  });
}
