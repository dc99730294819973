/** Options of the transfer directive: plain data. */

import { isInZone } from '../../dns/name.js';
import type { Network } from '../network.js';

/** Who may have which zones. */
export interface TransferStanza {
  /** Canonical. */
  readonly zones: readonly string[];
  /** `to *`: everybody. */
  readonly anybody: boolean;
  /** Addresses and networks that may ask. */
  readonly networks: readonly Network[];
  /** Secondaries that are told of changes (RFC 1996). */
  readonly notify: readonly NotifyTarget[];
}

export interface NotifyTarget {
  /** Canonical IP address. */
  readonly address: string;
  readonly port: number;
}

/** All stanzas of a block, in the order of the file. */
export interface TransferOptions {
  readonly stanzas: readonly TransferStanza[];
}

/** The stanza with the longest zone that the name lies in; of equals the first. */
export function stanzaFor(
  stanzas: readonly TransferStanza[],
  key: string,
): TransferStanza | undefined {
  let best: TransferStanza | undefined;
  let length = -1;
  for (const stanza of stanzas) {
    for (const zone of stanza.zones) {
      if (zone.length <= length || !isInZone(key, zone)) continue;
      best = stanza;
      length = zone.length;
    }
  }
  return best;
}
