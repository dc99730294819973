/** Delegated top-level domains, from a packaged list: names under them belong to the public DNS. */
import tlds from 'tlds' with { type: 'json' };

const DELEGATED: ReadonlySet<string> = new Set([...tlds, 'arpa']);

/** Whether a label (lower case) is a delegated top-level domain; internationalised ones in Unicode form or punycode. */
export function isTopLevelDomain(label: string): boolean {
  return DELEGATED.has(label);
}
