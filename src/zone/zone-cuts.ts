/** Which zone or block owns a name: the cuts of one listener, longest first. */
import type { QueryScan } from '../wire/query-scan.js';
import type { ServedZone } from './served-zone.js';

/** A cache of whole answers in front of the chain. */
export interface CutCache {
  /**
   * Writes the reply to the scanned query without OPT, at most `limit` octets.
   * @returns its octets; 0 when the chain has to be asked
   */
  answer(
    scan: QueryScan,
    query: Uint8Array,
    start: number,
    out: Uint8Array,
    outStart: number,
    limit: number,
  ): number;
}

/** One cut: names at or below `apex` belong to `zone`, or to the chain where there is none. */
export interface ZoneCut {
  /** Wire form, lower case, with root octet. */
  readonly apex: Uint8Array;
  readonly labels: number;
  /** Answered from this zone's table; undefined: the chain answers. */
  readonly zone: ServedZone | undefined;
  /** Zone whose services may be asked for by short names that fall under this cut. */
  readonly shortZone: ServedZone | undefined;
  /** Answers that the chain gave earlier, asked before the chain is. */
  readonly cache?: CutCache | undefined;
}

/** The longest cut that the scanned name lies in; undefined when no block owns it. Allocates nothing. */
export function findCut(cuts: readonly ZoneCut[], scan: QueryScan): ZoneCut | undefined {
  for (let i = 0; i < cuts.length; i++) {
    const cut = cuts[i]!;
    if (liesIn(scan, cut.apex, cut.labels)) return cut;
  }
  return undefined;
}

function liesIn(scan: QueryScan, apex: Uint8Array, labels: number): boolean {
  const { folded, qnameLength, labelCount } = scan;
  const from = qnameLength - apex.length;
  if (labels > labelCount || from < 0 || scan.labelStart[labelCount - labels] !== from)
    return false;
  for (let i = 0; i < apex.length; i++) if (folded[from + i] !== apex[i]) return false;
  return true;
}
