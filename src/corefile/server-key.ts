/** Keys of server blocks to zones and ports: `[scheme://]zone[:port]`, the zone a name or a CIDR. */
import { type Place, SvcdnsError } from '../errors.js';
import { syntaxFault } from './faults.js';
import { nearestName } from './nearest-name.js';
import { type BlockAddress, SCHEME_PORTS, type Scheme } from './plan.js';
import { isAddress } from './reverse-zone.js';
import { zonesOfText } from './zone-arguments.js';

/** Schemes that svcdns listens on; the others of CoreDNS are refused by name. */
export const SERVED_SCHEMES: readonly Scheme[] = ['dns', 'tls', 'https'];

/**
 * The zones of a key, each with its scheme and port.
 *
 * As in CoreDNS the port is what stands behind the last colon if it is a number.
 * @param defaultPort of `dns://` and of keys without a scheme (the flag -dns.port)
 * @throws SvcdnsError COREFILE_SYNTAX
 */
export function addressesOfKey(key: string, place: Place, defaultPort: number): BlockAddress[] {
  const [, schemeText = 'dns', rest = ''] = /^(?:([^:/]*):\/\/)?(.*)$/s.exec(key) ?? [];
  const scheme = schemeOf(schemeText, key, place);
  const { zoneText, port } = splitPort(rest, key, place);
  try {
    const zones = zonesOfText(zoneText, place);
    const fallback = scheme === 'dns' ? defaultPort : SCHEME_PORTS[scheme];
    return zones.map((zone) => ({ scheme, zone, port: port ?? fallback }));
  } catch (error) {
    if (!(error instanceof SvcdnsError)) throw error;
    throw syntaxFault(`key ${error.message}`, place, error.mend ?? 'write a domain name');
  }
}

function schemeOf(text: string, key: string, place: Place): Scheme {
  const known = Object.keys(SCHEME_PORTS);
  const scheme = SERVED_SCHEMES.find((candidate) => candidate === text);
  if (scheme !== undefined) return scheme;
  if (known.includes(text)) {
    const mend = `write one of ${SERVED_SCHEMES.map((name) => `${name}://`).join(', ')}`;
    throw syntaxFault(`key "${key}": svcdns does not serve ${text}://`, place, mend);
  }
  const near = nearestName(text, SERVED_SCHEMES);
  const mend =
    near === undefined ? `known: ${SERVED_SCHEMES.join(', ')}` : `did you mean ${near}://?`;
  throw syntaxFault(`key "${key}" has an unknown scheme`, place, mend);
}

function splitPort(
  text: string,
  key: string,
  place: Place,
): { readonly zoneText: string; readonly port?: number } {
  if (isAddress(text) && text.includes(':')) {
    const mend = `write ${text}/128 for its reverse zone, and bind ${text} to listen on it`;
    throw syntaxFault(`key "${key}" is an address, not a zone`, place, mend);
  }
  if (text.endsWith(':')) {
    throw syntaxFault(
      `key "${key}" ends in a colon`,
      place,
      'write the port behind it, or remove it',
    );
  }
  const [, front, digits] = /^(.*):(\d+)$/s.exec(text) ?? [];
  if (front === undefined || digits === undefined) return { zoneText: text };
  const port = Number(digits);
  if (port > 65535) {
    throw syntaxFault(`key "${key}" has no such port`, place, 'write a port from 0 to 65535');
  }
  // `:53` is the root zone, as in CoreDNS
  return { zoneText: front === '' ? '.' : front, port };
}
