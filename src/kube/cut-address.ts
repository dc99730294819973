/** Lists of addresses in API objects: canonical, without repeats, everything else dropped with its reason. */
import type { CutContext } from './cut-context.js';
import { canonicalIp } from './ip-text.js';
import { asArray } from './json-value.js';

/** More addresses than any object needs; the API allows 100 in an endpoint and 2 cluster IPs. */
const MAX_ADDRESSES = 1000;

/** The addresses in `values` of the given family (any, when there is none), in their order. */
export function cutAddresses(
  values: unknown,
  field: string,
  context: CutContext,
  family?: 4 | 6,
): readonly string[] {
  const out: string[] = [];
  for (const value of asArray(values)) {
    if (out.length >= MAX_ADDRESSES) {
      context.drop(`${field} has more than ${MAX_ADDRESSES} addresses`);
      break;
    }
    const address = typeof value === 'string' ? canonicalIp(value) : undefined;
    if (address === undefined) context.drop(`${field} holds something that is no IP address`);
    else if (family !== undefined && address.family !== family) {
      context.drop(`${field} holds an address of another family than IPv${family}`);
    } else if (!out.includes(address.text)) out.push(address.text);
  }
  // a pushed-to array keeps room for 17; with 150,000 endpoints of one address that were 20 MB
  return out.slice();
}
