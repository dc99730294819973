/** The placeholders of the query log's format (CoreDNS plugin/log). */
import type { Query } from '../../chain/query.js';
import { rcodeName } from '../../dns/rcode.js';
import { rrclassName } from '../../dns/rrclass.js';
import { rrtypeName } from '../../dns/rrtype.js';

/** A query with what became of it. */
export interface LoggedQuery {
  readonly query: Query;
  /** The reply as it is sent; absent when none is. */
  readonly reply: Uint8Array | undefined;
  /** Absent without a reply. */
  readonly rcode: number | undefined;
  readonly durationMs: number;
}

/** Stands for what is not known. */
const NOTHING = '-';

type Placeholder = (logged: LoggedQuery) => string;

const PLACEHOLDERS: Readonly<Record<string, Placeholder>> = {
  '{type}': ({ query }) => rrtypeName(query.qtype),
  '{class}': ({ query }) => rrclassName(query.qclass),
  '{name}': ({ query }) => query.key,
  '{proto}': ({ query }) => query.client.transport,
  '{remote}': ({ query: { client } }) =>
    client.address.includes(':') ? `[${client.address}]` : client.address,
  '{port}': ({ query }) => String(query.client.port),
  '{size}': ({ query }) => String(query.bytes.length),
  '{rcode}': ({ rcode }) => (rcode === undefined ? NOTHING : rcodeName(rcode)),
  '{rsize}': ({ reply }) => String(reply?.length ?? 0),
  '{duration}': ({ durationMs }) => `${(durationMs / 1000).toFixed(6)}s`,
  '{>id}': ({ query }) => String(query.id),
  '{>opcode}': ({ query }) => String(((query.bytes[2] ?? 0) >> 3) & 0x0f),
  '{>do}': ({ query }) => String(query.edns?.dnssecOk === true),
  '{>bufsize}': ({ query }) => String(query.edns?.udpSize ?? 512),
  '{>rflags}': ({ reply }) => (reply === undefined ? NOTHING : flagsOf(reply)),
};

/** A format as a function; a placeholder that is none stands for nothing known. */
export function logFormat(format: string): (logged: LoggedQuery) => string {
  const parts = format.split(/(\{[^{}]*\})/).map((part): Placeholder => {
    if (!part.startsWith('{')) return () => part;
    return PLACEHOLDERS[part] ?? (() => NOTHING);
  });
  return (logged) => parts.map((part) => part(logged)).join('');
}

const FLAGS: readonly (readonly [string, number, number])[] = [
  ['qr', 2, 0x80],
  ['aa', 2, 0x04],
  ['tc', 2, 0x02],
  ['rd', 2, 0x01],
  ['ra', 3, 0x80],
  ['z', 3, 0x40],
  ['ad', 3, 0x20],
  ['cd', 3, 0x10],
];

function flagsOf(reply: Uint8Array): string {
  return FLAGS.filter(([, at, bit]) => ((reply[at] ?? 0) & bit) !== 0)
    .map(([name]) => name)
    .join(',');
}
