/** Options of the forward directive: plain data (CoreDNS plugin/forward). */
import type { Rcode } from '../../dns/rcode.js';
import type { Place } from '../../errors.js';

/** `dns`: UDP with TCP behind it; `tls`: DNS over TLS (RFC 7858). */
export type UpstreamProtocol = 'dns' | 'tls';

/** One server that is asked. */
export interface UpstreamAddress {
  readonly protocol: UpstreamProtocol;
  /** Textual IP address, without brackets; a scope (`%eth0`) is kept on IPv6. */
  readonly address: string;
  readonly port: number;
  /** The name in the server's certificate, where the address carried one (`tls://9.9.9.9%dns.quad9.net`). */
  readonly serverName?: string;
  /** `address:port` as metrics and logs name it. */
  readonly label: string;
}

/** In which order upstreams are asked. */
export type ForwardPolicy = 'random' | 'round_robin' | 'sequential';

/** How an upstream is checked after a failure. */
export interface HealthCheckOptions {
  readonly intervalMs: number;
  readonly recursionDesired: boolean;
  /** Canonical form. */
  readonly domain: string;
}

/** Files of the TLS client, absolute; what is absent is the system's. */
export interface UpstreamTls {
  readonly certificateFile?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
}

/** One `forward FROM TO...`. */
export interface ForwardStanza {
  /** Canonical zones; more than one when FROM is a network that needs several reverse zones. */
  readonly from: readonly string[];
  /** May be empty when a resolv.conf names no server: then every query fails at once. */
  readonly upstreams: readonly UpstreamAddress[];
  readonly except: readonly string[];
  readonly policy: ForwardPolicy;
  /** Failed checks in a row that put an upstream down; 0: never checked, never down. */
  readonly maxFails: number;
  readonly healthCheck: HealthCheckOptions;
  readonly forceTcp: boolean;
  readonly preferUdp: boolean;
  /** Idle connections and sockets are closed after this. */
  readonly expireMs: number;
  /** Connections are replaced after this; 0: never. */
  readonly maxAgeMs: number;
  /** Idle connections kept per upstream; 0: no bound of the operator's. */
  readonly maxIdleConnections: number;
  readonly readTimeoutMs: number;
  /** Questions in flight, over it REFUSED; 0: no bound of the operator's. */
  readonly maxConcurrent: number;
  /** Exchanges per question; 0: only the deadline bounds them. */
  readonly maxConnectAttempts: number;
  /** Reply codes with which the next forward of the block is asked. */
  readonly next: readonly Rcode[];
  readonly nextOnNodata: boolean;
  /** Reply codes with which the next upstream is asked. */
  readonly failover: readonly Rcode[];
  readonly failFastWhenAllDown: boolean;
  readonly tls: UpstreamTls;
  readonly tlsServerName?: string;
  readonly sourceAddress?: string;
  /** What the operator should know and the log says once at start. */
  readonly notes: readonly string[];
  readonly place: Place;
}

/** All stanzas of a block in the order of the file. */
export interface ForwardOptions {
  readonly stanzas: readonly ForwardStanza[];
}

/** CoreDNS's own limit of TOs. */
export const MAX_UPSTREAMS = 15;

/** CoreDNS's defaults, in milliseconds where they are times. */
export const FORWARD_DEFAULTS = {
  policy: 'random',
  maxFails: 2,
  healthCheck: { intervalMs: 500, recursionDesired: true, domain: '.' },
  expireMs: 10_000,
  readTimeoutMs: 2_000,
  /** Times the number of upstreams, but four at least: a lone upstream behind a lossy path needs them. */
  connectAttemptsPerUpstream: 2,
  minConnectAttempts: 4,
} as const;
