/** The ConfigMap of kube-dns to a Corefile: its stub domains and upstream name servers. */
import { isIP } from 'node:net';
import { type Document, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import { canonicalName, isInZone, isName } from '../dns/name.js';
import { type Place, SvcdnsError } from '../errors.js';

/** The zone of the cluster, as config/Corefile has it; kube-dns has it from a flag, not from its ConfigMap. */
const CLUSTER_ZONE = 'cluster.local.';
/** What kube-dns accepts. */
const MAX_UPSTREAM_NAMESERVERS = 3;
/** What a forward directive accepts. */
const MAX_STUB_SERVERS = 15;

/** Either a Corefile, or everything that has no counterpart in one. */
export type Translation =
  | { readonly corefile: string; readonly faults?: never }
  | { readonly corefile?: never; readonly faults: readonly SvcdnsError[] };

/**
 * Translates the keys `stubDomains` and `upstreamNameservers` (Kubernetes, "Customizing DNS Service",
 * kube-dns). The ConfigMap is YAML or JSON, as kubectl prints it; one without keys is what kube-dns does
 * by default. What kube-dns looked up by name is a fault: upstreams of `forward` are addresses.
 * @param file names the text in faults
 */
export function translateKubeDns(text: string, file: string): Translation {
  const faults: SvcdnsError[] = [];
  const source = readConfigMap(text, file, faults);
  if (source === undefined) return { faults };
  const nameservers = upstreamNameservers(source, faults);
  const domains = stubDomains(source, faults);
  if (faults.length > 0) return { faults };
  return { corefile: [mainBlock(nameservers), ...domains.map(stubBlock)].join('') };
}

/** The ConfigMap's data, and where its faults go. */
interface Source {
  readonly data: ReadonlyMap<string, unknown>;
  placeOf(key: string): Place;
}

interface StubDomain {
  /** Canonical form. */
  readonly zone: string;
  readonly servers: readonly string[];
}

function readConfigMap(text: string, file: string, faults: SvcdnsError[]): Source | undefined {
  const lineCounter = new LineCounter();
  const placeAt = (offset: number): Place => ({ file, line: lineCounter.linePos(offset).line });
  const documents: readonly Document[] = parseAllDocuments(text, { lineCounter });
  const [document, second] = documents;
  const start = { file, line: 1 };
  if (document === undefined || second !== undefined) {
    const message = `${documents.length} documents where one ConfigMap is expected`;
    faults.push(
      fault(message, start, 'print it with kubectl -n kube-system get cm kube-dns -o yaml'),
    );
    return undefined;
  }
  const [broken] = document.errors;
  if (broken !== undefined) {
    const [first = ''] = broken.message.split('\n');
    faults.push(fault(`no YAML: ${first}`, placeAt(broken.pos[0]), 'correct the file'));
    return undefined;
  }
  const object = entriesOf(document.toJS());
  const kind = object?.get('kind');
  if (kind !== 'ConfigMap') {
    const found = typeof kind === 'string' ? `a ${kind}` : 'something else';
    faults.push(
      fault(`${found} where a ConfigMap is expected`, start, 'name the ConfigMap kube-dns'),
    );
    return undefined;
  }
  const placeOf = (key: string): Place => placeAt(offsetOf(document, key));
  return { data: knownData(object?.get('data'), placeOf, faults), placeOf };
}

/** Where the value of a key of `data` begins. */
function offsetOf(document: Document, key: string): number {
  const node = document.getIn(['data', key], true);
  return isScalar(node) ? (node.range?.[0] ?? 0) : 0;
}

function knownData(
  value: unknown,
  placeOf: Source['placeOf'],
  faults: SvcdnsError[],
): ReadonlyMap<string, unknown> {
  const data = entriesOf(value ?? {}) ?? new Map<string, unknown>();
  for (const key of data.keys()) {
    if (key === 'stubDomains' || key === 'upstreamNameservers') continue;
    const mend =
      key === 'federations'
        ? 'federations have no counterpart: rewrite their names, or remove the key'
        : 'known: stubDomains, upstreamNameservers';
    faults.push(fault(`the key ${key} cannot be translated`, placeOf(key), mend));
  }
  return data;
}

function upstreamNameservers(source: Source, faults: SvcdnsError[]): readonly string[] {
  const key = 'upstreamNameservers';
  const value = jsonOf(source, key, faults);
  if (value === undefined) return [];
  return serversOf(
    value,
    { what: key, max: MAX_UPSTREAM_NAMESERVERS, place: source.placeOf(key) },
    faults,
  );
}

function stubDomains(source: Source, faults: SvcdnsError[]): readonly StubDomain[] {
  const key = 'stubDomains';
  const value = jsonOf(source, key, faults);
  if (value === undefined) return [];
  const place = source.placeOf(key);
  const entries = entriesOf(value);
  if (entries === undefined) {
    faults.push(fault(`${key} is no map`, place, 'write {"DOMAIN": ["ADDRESS"]}'));
    return [];
  }
  const domains = new Map<string, StubDomain>();
  for (const [domain, servers] of entries) {
    const what = `${key}: ${domain}`;
    const zone = zoneOf(domain, what, place, faults);
    const addresses = serversOf(servers, { what, max: MAX_STUB_SERVERS, place }, faults);
    if (zone === undefined) continue;
    if (domains.has(zone)) faults.push(fault(`${what} stands twice`, place, 'keep one of them'));
    domains.set(zone, { zone, servers: addresses });
  }
  return [...domains.values()];
}

function zoneOf(
  domain: string,
  what: string,
  place: Place,
  faults: SvcdnsError[],
): string | undefined {
  if (domain === '' || domain === '.' || !isZoneText(domain)) {
    faults.push(fault(`${what} is no domain name of a zone`, place, 'write it like acme.example'));
    return undefined;
  }
  const zone = canonicalName(domain);
  if (isInZone(zone, CLUSTER_ZONE)) {
    const mend = 'remove it: the kubernetes directive answers there';
    faults.push(fault(`${what} lies in the cluster's own zone ${CLUSTER_ZONE}`, place, mend));
  }
  return zone;
}

/** A name that means the same as a key of a server block; `/` and `:` would be a network and a port there. */
function isZoneText(domain: string): boolean {
  return isName(domain) && /^[\w.-]+$/.test(domain);
}

interface ServerList {
  readonly what: string;
  readonly max: number;
  readonly place: Place;
}

function serversOf(
  value: unknown,
  { what, max, place }: ServerList,
  faults: SvcdnsError[],
): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  if (list.length === 0) {
    faults.push(fault(`${what} is no list of addresses`, place, 'write ["ADDRESS"]'));
  }
  if (list.length > max) {
    faults.push(fault(`${what} has ${list.length} servers`, place, `name at most ${max}`));
  }
  return list.flatMap((server) => {
    if (typeof server === 'string' && isServerAddress(server)) return [server];
    faults.push(serverFault(server, what, place));
    return [];
  });
}

/** `IP`, `IP:PORT` or `[IPv6]:PORT`. */
function isServerAddress(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const [, v6, v4, port] = /^(?:\[([^\]%]+)\]|([^[\]:]+)):(\d{1,5})$/.exec(text) ?? [];
  const isHost = v6 === undefined ? isIP(v4 ?? '') === 4 : isIP(v6) === 6;
  return isHost && Number(port) >= 1 && Number(port) <= 65_535;
}

function serverFault(server: unknown, what: string, place: Place): SvcdnsError {
  const isHostName = typeof server === 'string' && /^(?=.*[a-z])[\w.-]+(?::\d+)?$/i.test(server);
  return isHostName
    ? fault(
        `${what}: "${server}" is a host name, upstreams are not looked up`,
        place,
        'write its IP address (of a Service: its clusterIP)',
      )
    : fault(`${what}: ${JSON.stringify(server)} is no address`, place, 'write IP or IP:PORT');
}

/** The value of a key, which is JSON in a text; undefined when there is none. */
function jsonOf(source: Source, key: string, faults: SvcdnsError[]): unknown {
  const text = source.data.get(key);
  if (text === undefined || text === null) return undefined;
  try {
    if (typeof text !== 'string') throw new SyntaxError('not a text');
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    faults.push(fault(`${key} is no JSON in a text`, source.placeOf(key), 'write it behind ": |"'));
    return undefined;
  }
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map<string, unknown>(Object.entries(value));
}

function fault(message: string, where: Place, mend: string): SvcdnsError {
  return new SvcdnsError('MANIFEST_INVALID', message, { where, mend });
}

/** config/Corefile with other upstreams. */
function mainBlock(nameservers: readonly string[]): string {
  const upstreams = nameservers.length === 0 ? '/etc/resolv.conf' : nameservers.join(' ');
  return `. {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
        search_path outside
    }
    prometheus :9153
    forward . ${upstreams}
    cache 30
    loop
    reload
    loadbalance
}
`;
}

function stubBlock({ zone, servers }: StubDomain): string {
  return `${zone.replace(/\.$/, '')} {
    errors
    prometheus :9153
    forward . ${servers.join(' ')}
    cache 30
    loop
}
`;
}
