/** How long a reply may be, and what its OPT record says of our own buffer. */
import { DEFAULT_UDP_LIMIT, MAX_MESSAGE, MIN_UDP_LIMIT } from '../wire/header.js';
import type { Query } from './query.js';

/** Bounds of one reply. */
export interface ReplyLimits {
  /** Octets of the whole message. */
  readonly octets: number;
  /** The UDP size that our OPT record announces. */
  readonly udpSize: number;
}

/**
 * Bounds for the reply to a query: over UDP what the client announced, at least 512 (RFC 6891 §6.2.3), at
 * most our own limit; over a stream what its length prefix can say.
 * @param udpLimit our own limit in octets, 512..4096 (`bufsize`)
 */
export function replyLimits(query: Query, udpLimit: number = DEFAULT_UDP_LIMIT): ReplyLimits {
  if (query.client.transport !== 'udp') return { octets: MAX_MESSAGE, udpSize: udpLimit };
  const client = Math.max(MIN_UDP_LIMIT, query.edns?.udpSize ?? 0);
  return { octets: Math.min(client, udpLimit), udpSize: udpLimit };
}
