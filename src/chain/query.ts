/** A query as the slow path sees it: parsed once from bytes that already passed the scan of wire/. */
import type { Question } from '../dns/resource-record.js';

/** How the query came in. */
export type Transport = 'udp' | 'tcp' | 'tls' | 'https';

/** The asker and the socket that took the query. */
export interface Client {
  /** Textual IP address; an IPv4-mapped address is given as IPv4. */
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
  /** The listener as CoreDNS labels it: `dns://:53`, `tls://:853`. */
  readonly server: string;
}

/** What the query's OPT record says (RFC 6891). */
export interface Edns {
  /** The client's receive buffer in octets as announced, 0..65535. */
  readonly udpSize: number;
  readonly version: number;
  /** DNSSEC OK (RFC 3225). */
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

/** One EDNS option. */
export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/** One question on its way through the chain. Never changed; a plugin that rewrites it makes a copy. */
export interface Query extends Question {
  /** `qname` in canonical form (lower case, final dot): what zones and names are compared with. */
  readonly key: string;
  /** The message as it came, owned by the query. */
  readonly bytes: Uint8Array;
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  readonly authenticData: boolean;
  /** Absent when the query had no OPT record. */
  readonly edns?: Edns;
  readonly client: Client;
  /** Collects what happened, where somebody asked for an explanation. */
  readonly trace?: Trace;
  /** How often the server asked itself on behalf of this query (CNAME targets); bounded by the chain. */
  readonly depth: number;
}

/** Where explain collects the steps of one query. */
export interface Trace {
  step(room: string, what: string, detail?: Readonly<Record<string, unknown>>): void;
}
