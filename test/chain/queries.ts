/** Queries and server blocks for the tests of the chain. */
import type { Handler } from '../../src/chain/handler.js';
import type { Client, Query } from '../../src/chain/query.js';
import { parseQuery } from '../../src/chain/query-parser.js';
import type { PlannedBlock } from '../../src/corefile/plan.js';
import type { ResourceRecord } from '../../src/dns/resource-record.js';
import type { Opt } from '../../src/wire/edns.js';
import { encodeMessage, message } from '../../src/wire/message.js';

export const UDP_CLIENT: Client = {
  address: '192.0.2.1',
  port: 5300,
  transport: 'udp',
  server: 'dns://:53',
};
export const TCP_CLIENT: Client = { ...UDP_CLIENT, transport: 'tcp' };

export interface QueryFields {
  readonly qname?: string;
  readonly qtype?: number;
  readonly qclass?: number;
  readonly id?: number;
  readonly recursionDesired?: boolean;
  readonly checkingDisabled?: boolean;
  readonly authenticData?: boolean;
  readonly edns?: Partial<Opt>;
}

/** A query as a client sends it. */
export function queryBytes(fields: QueryFields = {}): Uint8Array {
  const { qname = 'web.example.', qtype = 1, qclass = 1, id = 7, edns, ...flags } = fields;
  const opt = { udpSize: 1232, version: 0, dnssecOk: false, options: [], ...edns };
  return encodeMessage(
    message({
      id,
      ...flags,
      question: [{ qname, qtype, qclass }],
      ...(edns === undefined ? {} : { edns: opt }),
    }),
  );
}

/** The same as the chain sees it. */
export function query(fields: QueryFields = {}, client: Client = UDP_CLIENT): Query {
  const parsed = parseQuery(queryBytes(fields), client);
  if (parsed === undefined) throw new Error('the query of the test is broken');
  return parsed;
}

export function record(owner: string, type: number, rdata: Iterable<number>): ResourceRecord {
  return { owner, type, class: 1, ttl: 5, rdata: Uint8Array.from(rdata) };
}

/** So many A records of one owner, 10.0.0.0 on. */
export function addresses(owner: string, count: number): ResourceRecord[] {
  return Array.from({ length: count }, (_, i) => record(owner, 1, [10, 0, i >> 8, i & 0xff]));
}

/** A block on port 53 whose directives have no options. */
export function block(
  index: number,
  zones: readonly string[],
  directives: readonly string[] = [],
): PlannedBlock {
  const place = { file: 'Corefile', line: index + 1 };
  return {
    index,
    place,
    addresses: zones.map((zone) => ({ scheme: 'dns', zone, port: 53 })),
    directives: directives.map((name) => ({ name, place, options: {} })),
  };
}

/** A handler from a function. */
export function handler(handle: Handler['handle'], name = 'fixed'): Handler {
  return { name, handle };
}
