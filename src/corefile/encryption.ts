/** What encrypted server blocks need: a certificate, and no other one on the same socket. */
import { formatPlace, type Place, type SvcdnsError } from '../errors.js';
import { directiveFault } from './faults.js';
import type { BlockAddress, Directive, Scheme, ServerBlock } from './plan.js';

const ENCRYPTED: ReadonlySet<Scheme> = new Set(['tls', 'https']);

/** Which tls directive each socket got first: by scheme, port and bind argument. */
export type SocketCertificates = Map<string, Directive>;

/** The faults of one block; `seen` is filled as blocks go by. */
export function encryptionFaults(
  block: ServerBlock,
  addresses: readonly BlockAddress[],
  seen: SocketCertificates,
): SvcdnsError[] {
  const encrypted = addresses.find(({ scheme }) => ENCRYPTED.has(scheme));
  if (encrypted === undefined) return [];
  const tls = block.directives.find(({ name }) => name === 'tls');
  if (tls === undefined) return [lacksCertificate(encrypted.scheme, block.place)];
  const hosts = block.directives.flatMap(({ name, args }) => (name === 'bind' ? args : []));
  for (const { scheme, port } of addresses) {
    for (const host of hosts.length === 0 ? ['*'] : hosts) {
      const key = `${scheme}://${host}:${port}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, tls);
      else if (wordsOf(first) !== wordsOf(tls)) return [differs(key, tls, first)];
    }
  }
  return [];
}

function lacksCertificate(scheme: Scheme, place: Place): SvcdnsError {
  return directiveFault(
    `a ${scheme}:// block lacks its certificate`,
    place,
    'add tls CERT KEY to the block',
  );
}

/** A connection chooses its certificate before anybody knows what it will ask. */
function differs(key: string, tls: Directive, first: Directive): SvcdnsError {
  return directiveFault(
    `${key} has another certificate at ${formatPlace(first.place)}`,
    tls.place,
    'write the same tls directive in both blocks, or give each a port or bind address of its own',
  );
}

function wordsOf({ args, body }: Directive): string {
  return JSON.stringify([args, body.map((line) => [line.name, line.args])]);
}
