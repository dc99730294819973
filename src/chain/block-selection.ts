/** Which server block a query belongs to: the longest zone among the blocks of one port. */
import type { PlannedBlock, Scheme } from '../corefile/plan.js';
import { parentName } from '../dns/name.js';
import { RRCLASS } from '../dns/rrclass.js';
import { RRTYPE } from '../dns/rrtype.js';
import type { Query } from './query.js';

/** The port whose blocks compete for a query. */
export interface ListenerKey {
  readonly scheme: Scheme;
  readonly port: number;
}

/** The block of a query; undefined when there is none (REFUSED). */
export type BlockSelection = (
  query: Pick<Query, 'key' | 'qtype' | 'qclass'>,
) => PlannedBlock | undefined;

/** Makes the selection for one port out of all blocks of a plan. */
export function blockSelection(
  blocks: readonly PlannedBlock[],
  listener: ListenerKey,
): BlockSelection {
  const byZone = new Map<string, PlannedBlock>();
  for (const block of blocks) {
    for (const { scheme, port, zone } of block.addresses) {
      if (scheme === listener.scheme && port === listener.port) byZone.set(zone, block);
    }
  }
  return ({ key, qtype, qclass }) => {
    const block = qtype === RRTYPE.DS ? parentSide(byZone, key) : longest(byZone, key);
    return block !== undefined && servesClass(block, qclass) ? block : undefined;
  };
}

/** The block with the longest zone that the name lies in. */
function longest(byZone: ReadonlyMap<string, PlannedBlock>, key: string): PlannedBlock | undefined {
  for (let name: string | undefined = key; name !== undefined; name = parentName(name)) {
    const block = byZone.get(name);
    if (block !== undefined) return block;
  }
  return undefined;
}

/** DS is the parent's record (RFC 4035 §3.1.4.1): at a block's apex the block above it is asked, if any. */
function parentSide(
  byZone: ReadonlyMap<string, PlannedBlock>,
  key: string,
): PlannedBlock | undefined {
  const parent = parentName(key);
  const above = parent === undefined ? undefined : longest(byZone, parent);
  return above ?? byZone.get(key);
}

/** Data of other classes than IN is nowhere, but for the server's own in CH (`chaos`). */
function servesClass(block: PlannedBlock, qclass: number): boolean {
  if (qclass === RRCLASS.IN) return true;
  return qclass === RRCLASS.CH && block.directives.some(({ name }) => name === 'chaos');
}
