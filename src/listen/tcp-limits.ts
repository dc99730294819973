/** What one stream connection, one client and one listener may take (RFC 7766 §6.1, §6.2). */

export interface TcpLimits {
  /** Connections of the listener at once. */
  readonly connections: number;
  /** Connections of one client address at once. */
  readonly connectionsPerClient: number;
  /** Queries of one connection that may wait for the chain at once; beyond, the connection is not read. */
  readonly queriesInFlight: number;
  /** Until the first whole query (for TLS: behind the handshake), in milliseconds. */
  readonly firstQueryMs: number;
  /** From one whole query, or the last reply, to the next, in milliseconds. */
  readonly idleMs: number;
  /** For replies to be taken by the peer, in milliseconds. */
  readonly writeMs: number;
  /** Queries that one connection may ask; after the last one is answered it is closed. */
  readonly queries: number;
}

/**
 * Times are CoreDNS's. Its counts are unlimited; ours leave room for a node-local cache, which holds
 * hundreds of connections, and for all pods behind one node's address.
 */
export const TCP_LIMITS: TcpLimits = {
  connections: 8192,
  connectionsPerClient: 1024,
  queriesInFlight: 128,
  firstQueryMs: 3_000,
  idleMs: 10_000,
  writeMs: 5_000,
  queries: Number.POSITIVE_INFINITY,
};
