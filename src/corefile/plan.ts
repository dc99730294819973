/**
 * The typed plan: what the server is to do, made from a Corefile. Plain data that can be cloned to a
 * data thread; no functions, no sockets.
 */
import type { Place } from '../errors.js';

/** Schemes of server blocks; each has its default port. */
export const SCHEME_PORTS = {
  dns: 53,
  tls: 853,
  https: 443,
  grpc: 443,
  quic: 853,
  https3: 443,
} as const;
export type Scheme = keyof typeof SCHEME_PORTS;

/** A directive as it stands in the file, after imports, snippets and variables. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly place: Place;
  /** The lines between its braces, each a name with its arguments (and perhaps a block of its own). */
  readonly body: readonly Directive[];
  /** Whether braces were written at all. */
  readonly hasBody: boolean;
}

/** A server block as it stands in the file. */
export interface ServerBlock {
  /** The zone keys before the brace, as written. */
  readonly keys: readonly string[];
  readonly directives: readonly Directive[];
  readonly place: Place;
}

/** One zone of a server block on one port. */
export interface BlockAddress {
  readonly scheme: Scheme;
  /** Canonical form with final dot; `.` for the root. A CIDR key is already turned into its reverse zones. */
  readonly zone: string;
  readonly port: number;
}

/** A directive with its options parsed by the plugin that owns it. */
export interface PlannedDirective {
  readonly name: string;
  readonly place: Place;
  /** Plain data; its type is the plugin's own. */
  readonly options: unknown;
}

/** A server block ready to be built. */
export interface PlannedBlock {
  /** Position in the file, from 0; identifies the block in logs and explain. */
  readonly index: number;
  readonly place: Place;
  readonly addresses: readonly BlockAddress[];
  /** In execution order (plugins/order.ts), not in the order of the file. */
  readonly directives: readonly PlannedDirective[];
}

/** The whole configuration. */
export interface Plan {
  readonly file: string;
  /** SHA-512 of the parsed text with its imports, hex: what `reload` compares. */
  readonly hash: string;
  readonly blocks: readonly PlannedBlock[];
}
