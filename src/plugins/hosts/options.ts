/** Options of the hosts directive: plain data (CoreDNS plugin/hosts). */
import type { Place } from '../../errors.js';

/** One line: an address and the names that have it. */
export interface HostsEntry {
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  /** Canonical; the leftmost label may be `*`. Never empty. */
  readonly names: readonly string[];
}

export interface HostsOptions {
  /** Absolute. */
  readonly file: string;
  /** Canonical zones of the names that it may answer; PTR records are answered wherever they lie. */
  readonly zones: readonly string[];
  /** Lines of the Corefile itself, in their order; they come behind those of the file. */
  readonly inline: readonly HostsEntry[];
  /** Seconds, 0..2^31-1. */
  readonly ttlSeconds: number;
  /** No PTR records are made of the entries. */
  readonly noReverse: boolean;
  /** How often the file is looked at; 0: never again. */
  readonly reloadMs: number;
  /** Canonical zones of which unknown names go on to the next directive; empty: none; ['.']: all. */
  readonly fallthrough: readonly string[];
  /** Questions for other types than A, AAAA and PTR go on too, within `fallthrough`. */
  readonly fallthroughUnsupported: boolean;
  readonly place: Place;
}

/** CoreDNS's defaults. */
export const HOSTS_DEFAULTS = {
  file: '/etc/hosts',
  ttlSeconds: 3600,
  reloadMs: 5000,
} as const;
