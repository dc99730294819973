/** Addresses that a directive listens on: `:8080`, `localhost:9153`, `[::1]:8181` (Go net.SplitHostPort). */
import { SvcdnsError } from '../errors.js';
import type { Directive } from './plan.js';

/** Where an HTTP endpoint of ours listens. */
export interface ListenAddress {
  /** An IP address or a host name; empty: all addresses. */
  readonly host: string;
  /** 0..65535; 0 leaves the choice to the system. */
  readonly port: number;
}

/** The address of a text; undefined when it is none. An empty port is 0 as in Go; a port name is none. */
export function listenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^[\]:\s]*)):(\d{0,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  return port > 65535 ? undefined : { host: match[1] ?? match[2] ?? '', port };
}

/**
 * The same for an argument of a directive.
 * @throws SvcdnsError COREFILE_DIRECTIVE
 */
export function listenAddressArgument(directive: Directive, text: string): ListenAddress {
  const value = listenAddress(text);
  if (value !== undefined) return value;
  throw new SvcdnsError(
    'COREFILE_DIRECTIVE',
    `${directive.name}: "${text}" is no address to listen on`,
    {
      where: directive.place,
      mend: 'write :PORT, HOST:PORT or [IPv6]:PORT',
    },
  );
}
