/** DNS over TLS (RFC 7858): the stream listener behind a handshake. */
import { createServer, type Server } from 'node:tls';
import type { Listener } from './answerer.js';
import type { StreamSettings } from './stream-settings.js';
import { listenTcp, type TcpOptions } from './tcp.js';
import { TCP_LIMITS, type TcpLimits } from './tcp-limits.js';
import { TlsIdentity } from './tls-identity.js';
import type { TlsSettings } from './tls-settings.js';

/** A connection costs some 50 kB beside what plain TCP costs, so that there may be fewer. */
export const TLS_LIMITS: TcpLimits = {
  ...TCP_LIMITS,
  connections: 2048,
  connectionsPerClient: 512,
};

/** What a DoT listener is made of. */
export interface TlsListenerOptions extends Omit<TcpOptions, 'secureServer'> {
  readonly tls: TlsSettings;
  /** How often the certificate's files are looked at, in milliseconds. */
  readonly certificateIntervalMs?: number;
}

/**
 * Listens and answers.
 * @throws SvcdnsError ADDRESS_IN_USE, ADDRESS_NOT_ALLOWED, FILE_UNREADABLE or CERTIFICATE_INVALID
 */
export async function listenTls(options: TlsListenerOptions): Promise<Listener> {
  const { tls, certificateIntervalMs, ...tcp } = options;
  const logger = options.logger.child({ listener: options.server, transport: 'tls' });
  const limits = { ...TLS_LIMITS, ...options.limits };
  const identity = new TlsIdentity({
    settings: tls,
    logger,
    ...(certificateIntervalMs === undefined ? {} : { certificateIntervalMs }),
  });
  const secureServer = (): Server => {
    const server = createServer({
      ...identity.serverOptions(),
      // optional for clients; one that asks for another protocol is turned away (RFC 7301 §3.2)
      ALPNProtocols: ['dot'],
      handshakeTimeout: limits.firstQueryMs,
      allowHalfOpen: true,
      noDelay: true,
    });
    // Node leaves a socket open whose handshake took too long
    server.on('tlsClientError', (error, socket) => {
      logger.debug({ err: error }, 'no handshake');
      socket.destroy();
    });
    identity.attach(server);
    return server;
  };
  try {
    const listener = await listenTcp({ ...tcp, limits, secureServer });
    return withIdentity(listener, identity);
  } catch (error) {
    identity.close();
    throw error;
  }
}

function withIdentity(listener: Listener, identity: TlsIdentity): Listener {
  return {
    server: listener.server,
    transport: 'tls',
    implementation: 'tls',
    address: listener.address,
    port: listener.port,
    setAnswerer: (answerer) => listener.setAnswerer(answerer),
    configure(settings: StreamSettings): void {
      if (settings.tls !== undefined) identity.configure(settings.tls);
      listener.configure?.({ limits: { ...TLS_LIMITS, ...settings.limits } });
    },
    async close(drainMs) {
      identity.close();
      await listener.close(drainMs);
    },
  };
}
