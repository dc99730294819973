/** Opens the stream socket of a spec by its scheme: TCP, DNS over TLS, DNS over HTTPS. */
import type { Plan } from './corefile/plan.js';
import type { Answerer, Listener } from './listen/answerer.js';
import { listenHttps } from './listen/https.js';
import type { StreamSettings } from './listen/stream-settings.js';
import { listenTcp } from './listen/tcp.js';
import { listenTls } from './listen/tls.js';
import { type ListenerSpec, serverLabel } from './listener-spec.js';
import type { Logger } from './observe/logger.js';
import { httpsPlugin } from './plugins/https/directive.js';
import { optionsOf } from './plugins/options-of.js';
import { timeoutsPlugin } from './plugins/timeouts/directive.js';
import { tlsPlugin } from './plugins/tls/directive.js';

/** What a stream socket is opened with. */
export interface OpenStreamOptions {
  readonly answerer: Answerer;
  readonly settings: StreamSettings;
  readonly logger: Logger;
  /** Other threads of this process listen on the same port. */
  readonly reusePort: boolean;
  /** The port to bind; the spec's by default. */
  readonly port?: number;
}

/**
 * Limits and certificate of a spec; of several blocks the first one with the directive decides.
 * A listener that is kept over a reload takes them by `Listener.configure`.
 */
export function streamSettings(plan: Plan, spec: ListenerSpec): StreamSettings {
  const blocks = plan.blocks.filter(({ index }) => spec.blocks.includes(index));
  const [timeouts = {}] = blocks.flatMap((block) => optionsOf(block, timeoutsPlugin) ?? []);
  const [tls] = blocks.flatMap((block) => optionsOf(block, tlsPlugin) ?? []);
  const [https] = blocks.flatMap((block) => optionsOf(block, httpsPlugin) ?? []);
  const connections = spec.scheme === 'https' ? https?.maxConnections : undefined;
  return {
    limits: { ...timeouts, ...(connections === undefined ? {} : { connections }) },
    ...(tls === undefined || spec.scheme === 'dns' ? {} : { tls }),
  };
}

/**
 * Listens and answers.
 * @throws SvcdnsError ADDRESS_IN_USE, ADDRESS_NOT_ALLOWED, FILE_UNREADABLE or CERTIFICATE_INVALID
 */
export async function openStreamListener(
  spec: ListenerSpec,
  { answerer, settings, logger, reusePort, port }: OpenStreamOptions,
): Promise<Listener> {
  const { limits, tls } = settings;
  const shared = {
    server: serverLabel(spec),
    address: spec.address,
    port: port ?? spec.boundPort ?? spec.port,
    answerer,
    logger,
    limits,
    reusePort,
  };
  if (spec.scheme === 'dns') return listenTcp(shared);
  // the planner does not let an encrypted block through without one
  if (tls === undefined) throw new Error(`${shared.server} has no certificate`);
  return spec.scheme === 'https' ? listenHttps({ ...shared, tls }) : listenTls({ ...shared, tls });
}
