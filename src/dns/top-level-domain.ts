/** Delegated top-level domains, from a packaged list: names under them belong to the public DNS. */
import { createRequire } from 'node:module';
import { domainToASCII } from 'node:url';

/** The list as a set; `arpa` is delegated too, but not on the list of registrable ones. */
function load(): ReadonlySet<string> {
  const list: unknown = createRequire(import.meta.url)('tlds');
  if (!Array.isArray(list)) throw new Error('the package tlds holds no list');
  const names = list.filter((name) => typeof name === 'string');
  return new Set([...names.map((name) => domainToASCII(name)), 'arpa']);
}

/** A test for delegated top-level domains: labels in lower case, internationalised ones in punycode. */
export function topLevelDomains(): (label: string) => boolean {
  const delegated = load();
  return (label) => delegated.has(label);
}
