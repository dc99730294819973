/** Options of the query's OPT record, set, changed or taken away for those behind the directive. */
import type { Edns, EdnsOption, Query } from '../../chain/query.js';
import { withQuestion } from '../../chain/query-parser.js';
import { addressFromText } from '../../dns/address.js';
import { EDNS_OPTION } from '../../wire/edns.js';
import { DEFAULT_UDP_LIMIT } from '../../wire/header.js';
import type { EdnsAction, EdnsOptionRule, EdnsVariable } from './options.js';

/** The client subnet option (RFC 7871). */
const CLIENT_SUBNET = 8;

/** The query with the option changed; undefined when the rule does not apply to it. */
export function withEdnsOption(
  query: Query,
  action: EdnsAction,
  rule: EdnsOptionRule,
): Query | undefined {
  const code = codeOf(rule);
  const options = query.edns?.options ?? [];
  const isThere = options.some((option) => option.code === code);
  if (action === 'unset') {
    if (!isThere) return undefined;
    const left = options.filter((option) => option.code !== code);
    return withOptions(query, left);
  }
  if (isThere ? action === 'append' : action === 'replace') return undefined;
  const data = dataOf(rule, query);
  if (data === undefined) return undefined;
  const others = options.filter((option) => option.code !== code);
  return withOptions(query, [...others, { code, data }]);
}

/** A query without an OPT record gets one. */
function withOptions(query: Query, options: readonly EdnsOption[]): Query {
  const edns: Edns = {
    udpSize: DEFAULT_UDP_LIMIT,
    version: 0,
    dnssecOk: false,
    ...query.edns,
    options,
  };
  return withQuestion({ ...query, edns }, {});
}

function codeOf(rule: EdnsOptionRule): number {
  if (rule.kind === 'local') return rule.code;
  return rule.kind === 'nsid' ? EDNS_OPTION.NSID : CLIENT_SUBNET;
}

function dataOf(rule: EdnsOptionRule, query: Query): Uint8Array | undefined {
  switch (rule.kind) {
    case 'nsid':
      return new Uint8Array(0);
    case 'subnet':
      return subnetData(query.client.address, rule.ipv4Bits, rule.ipv6Bits);
    case 'local':
      if (rule.data === undefined) return undefined;
      return rule.data.kind === 'octets' ? rule.data.octets : variable(rule.data.name, query);
  }
}

/** Family, prefix lengths, and as many octets of the address as the prefix reaches into (RFC 7871 §6). */
function subnetData(address: string, ipv4Bits: number, ipv6Bits: number): Uint8Array | undefined {
  const octets = addressFromText(address);
  if (octets === undefined) return undefined;
  const bits = octets.length === 4 ? ipv4Bits : ipv6Bits;
  const kept = octets.slice(0, Math.ceil(bits / 8));
  const last = kept.length - 1;
  if (bits % 8 !== 0) kept[last] = (kept[last] ?? 0) & (0xff << (8 - (bits % 8)));
  return Uint8Array.of(0, octets.length === 4 ? 1 : 2, bits, 0, ...kept);
}

function variable(name: EdnsVariable, query: Query): Uint8Array | undefined {
  const { client } = query;
  switch (name) {
    case 'qname':
      return Uint8Array.from(Buffer.from(query.qname, 'latin1'));
    case 'qtype':
      return twoOctets(query.qtype);
    case 'client_ip':
      return addressFromText(client.address);
    case 'client_port':
      return twoOctets(client.port);
    case 'protocol':
      return Uint8Array.from(Buffer.from(client.transport === 'udp' ? 'udp' : 'tcp', 'latin1'));
    case 'server_port':
      return twoOctets(Number(/:(\d+)$/.exec(client.server)?.[1] ?? 0));
  }
}

function twoOctets(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
