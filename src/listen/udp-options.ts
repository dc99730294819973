/** What both implementations of the UDP listener are told. */
import type { Logger } from '../observe/logger.js';
import type { Answerer } from './answerer.js';

/** The socket to open and who answers on it. */
export interface UdpOptions {
  /** As CoreDNS labels it, `dns://:53`. */
  readonly server: string;
  /**
   * An IPv4 or IPv6 address; `::` takes IPv4 too unless {@link ipv6Only}. Empty: all addresses of both
   * families (IPv4 only where there is no IPv6).
   */
  readonly address: string;
  /** 0..65535; 0 lets the system choose. */
  readonly port: number;
  readonly answerer: Answerer;
  readonly logger: Logger;
  /** Lets other sockets of this user share the port; the kernel spreads askers over them. Default false. */
  readonly reusePort?: boolean;
  readonly ipv6Only?: boolean;
  /** What the kernel is asked to hold for this socket, in octets; {@link RECEIVE_BUFFER_BYTES} if absent. */
  readonly receiveBufferBytes?: number;
  /** Queries that may wait for the chain at once; beyond, they are dropped as a full socket drops them. */
  readonly maxInFlight?: number;
}

/**
 * Room that the kernel is asked to keep for datagrams that wait, in octets; it grants no more than
 * `net.core.rmem_max`. The usual default of 208 KiB holds 256 small datagrams, 5 ms at 50,000 a second;
 * this holds about 10,000.
 */
export const RECEIVE_BUFFER_BYTES: number = 4 * 1024 * 1024;
