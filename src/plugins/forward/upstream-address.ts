/** The TO arguments of forward: addresses, `tls://` addresses, and files in resolv.conf form. */
import { isIP, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { directiveFault } from '../../corefile/faults.js';
import type { Directive } from '../../corefile/plan.js';
import { SvcdnsError } from '../../errors.js';
import type { ParseContext } from '../plugin.js';
import type { UpstreamAddress, UpstreamProtocol } from './options.js';

const DEFAULT_PORTS: Readonly<Record<UpstreamProtocol, number>> = { dns: 53, tls: 853 };
/** Where systemd-resolved keeps the servers behind its stub of 127.0.0.53 (resolved.conf(5)). */
const RESOLVED_FILE = '/run/systemd/resolve/resolv.conf';
const RESOLVED_STUBS: ReadonlySet<string> = new Set(['127.0.0.53', '127.0.0.54']);

/** Upstreams, and what the log should say about them. */
export interface Upstreams {
  readonly addresses: readonly UpstreamAddress[];
  readonly notes: readonly string[];
}

/**
 * The upstreams of all TOs in their order, without repeats.
 * @throws SvcdnsError COREFILE_DIRECTIVE for what is none, FILE_UNREADABLE for a file that can't be read
 */
export function upstreamsOf(
  directive: Directive,
  to: readonly string[],
  context: ParseContext,
): Upstreams {
  const notes: string[] = [];
  const byKey = new Map<string, UpstreamAddress>();
  for (const text of to) {
    for (const address of upstreamsOfText(directive, text, context, notes)) {
      byKey.set(`${address.protocol} ${address.label} ${address.serverName ?? ''}`, address);
    }
  }
  return { addresses: [...byKey.values()], notes };
}

function upstreamsOfText(
  directive: Directive,
  text: string,
  context: ParseContext,
  notes: string[],
): readonly UpstreamAddress[] {
  const [, scheme, rest = ''] = /^(?:([a-z0-9]+):\/\/)?(.*)$/s.exec(text) ?? [];
  if (scheme !== undefined && scheme !== 'dns' && scheme !== 'tls') {
    throw directiveFault(
      `forward: upstreams by ${scheme}:// are not supported, found "${text}"`,
      directive.place,
      'write the address, or tls://ADDRESS for DNS over TLS',
    );
  }
  const address = addressOf(scheme ?? 'dns', rest);
  if (address !== undefined) return [address];
  if (scheme !== undefined || looksLikeAddress(rest)) {
    throw directiveFault(
      `forward: "${text}" is no address of an upstream`,
      directive.place,
      'write IP, IP:PORT, [IPV6]:PORT, tls://IP or tls://IP%NAME',
    );
  }
  return upstreamsOfFile(directive, text, context, notes);
}

/** `IP`, `IP:PORT`, `[IPv6]`, `[IPv6]:PORT`, each with `%NAME` behind the address (a scope without tls). */
function addressOf(protocol: UpstreamProtocol, text: string): UpstreamAddress | undefined {
  const bare = /^([^%[\]]+)(?:%([^:]+))?$/.exec(text);
  const parts =
    bare !== null && isIP(bare[1] ?? '') !== 0
      ? { host: bare[1], name: bare[2], port: undefined }
      : withPort(text);
  const { host = '', name } = parts ?? {};
  if (isIP(host) === 0) return undefined;
  const port = parts?.port === undefined ? DEFAULT_PORTS[protocol] : Number(parts.port);
  if (port < 1 || port > 65_535) return undefined;
  const scope = protocol === 'dns' && name !== undefined ? `%${name}` : '';
  const address = `${host}${scope}`;
  return {
    protocol,
    address,
    port,
    ...(protocol === 'tls' && name !== undefined ? { serverName: name } : {}),
    label: `${isIPv6(host) ? `[${address}]` : address}:${port}`,
  };
}

/** Splits off the port; the name may stand inside or behind the brackets. */
function withPort(
  text: string,
): { host: string | undefined; name: string | undefined; port: string | undefined } | undefined {
  const match =
    /^\[([^\]%]+)(?:%([^\]:]+))?\](?:%([^:]+))?(?::(\d{1,5}))?$/.exec(text) ??
    /^([^[\]%:]+)()(?:%([^:]+))?:(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const inside = match[2] === '' ? undefined : match[2];
  return { host: match[1], name: inside ?? match[3], port: match[4] };
}

/** Whether a text that is no address can only have been meant as one, not as a file. */
function looksLikeAddress(text: string): boolean {
  return /^\[|^\d+(?:\.\d+){3}/.test(text) || (/^[0-9a-f:.%]+$/i.test(text) && text.includes('::'));
}

function upstreamsOfFile(
  directive: Directive,
  text: string,
  context: ParseContext,
  notes: string[],
): readonly UpstreamAddress[] {
  if (!text.includes('/') && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?(?::\d+)?$/i.test(text)) {
    const isFile = readOrNothing(directive, resolve(context.directory, text), context);
    if (isFile === undefined) {
      throw directiveFault(
        `forward: "${text}" is a host name, upstreams are not looked up`,
        directive.place,
        'write the IP address of the upstream (of a Service: its clusterIP)',
      );
    }
  }
  const path = resolve(context.directory, text);
  const servers = nameserversOf(context.readFile(path, directive.place));
  if (servers.length === 0) notes.push(`${path} names no nameserver: outside names get SERVFAIL`);
  if (servers.length === 0 || !servers.every(({ address }) => RESOLVED_STUBS.has(address))) {
    return servers;
  }
  const behind = readOrNothing(directive, RESOLVED_FILE, context);
  const real = behind === undefined ? [] : nameserversOf(behind);
  if (real.length === 0) return servers;
  notes.push(`${path} names only the stub of systemd-resolved, taking ${RESOLVED_FILE} instead`);
  return real;
}

function readOrNothing(
  directive: Directive,
  path: string,
  context: ParseContext,
): string | undefined {
  try {
    return context.readFile(path, directive.place);
  } catch (error) {
    if (error instanceof SvcdnsError) return undefined;
    throw error;
  }
}

/** The `nameserver` lines of a file (resolv.conf(5)); a line that holds no address is passed over, as resolvers do. */
export function nameserversOf(file: string): readonly UpstreamAddress[] {
  const servers: UpstreamAddress[] = [];
  for (const line of file.split('\n')) {
    const [, server] = /^\s*nameserver\s+(\S+)/.exec(line) ?? [];
    const address = server === undefined ? undefined : addressOf('dns', server);
    if (address !== undefined) servers.push(address);
  }
  return servers;
}
