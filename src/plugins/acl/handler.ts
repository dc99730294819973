/** The answering part of the acl directive: who may ask for what. */
import type { Handler } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { DROP, type Reply, recordsReply } from '../../chain/reply.js';
import { addressFromText } from '../../dns/address.js';
import { isInZone } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import { isInNetwork } from '../network.js';
import type { DataEnvironment } from '../plugin.js';
import type { AclAction, AclOptions, AclPolicy, AclRule } from './options.js';

/** Counters by `server`, `zone`, `view`; `allowed` by `server`, `view`. All of them CoreDNS's. */
const METRICS = {
  allow: 'coredns_acl_allowed_requests_total',
  block: 'coredns_acl_blocked_requests_total',
  filter: 'coredns_acl_filtered_requests_total',
  drop: 'coredns_acl_dropped_requests_total',
} as const;

/** Extended DNS errors 15 and 17 (RFC 8914 §4.16, §4.18). */
const REPLIES: Readonly<Record<Exclude<AclAction, 'allow'>, Reply>> = {
  block: recordsReply(RCODE.REFUSED, { extendedError: { code: 15, text: 'acl' } }),
  filter: recordsReply(RCODE.NOERROR, { extendedError: { code: 17, text: 'acl' } }),
  drop: DROP,
};

/** What is not matched is allowed. */
export function aclHandler(
  { rules }: AclOptions,
  environment: Pick<DataEnvironment, 'count'>,
): Handler {
  return {
    name: 'acl',
    async handle(query, next) {
      const { server } = query.client;
      const { action, zone } = decide(rules, query);
      if (action === 'allow') {
        environment.count(METRICS.allow, { server, view: '' });
        return next(query);
      }
      query.trace?.step('acl', action, { zone });
      environment.count(METRICS[action], { server, zone, view: '' });
      return REPLIES[action];
    },
  };
}

/** The first rule whose zones and lines match; a rule without a line that matches passes. */
function decide(rules: readonly AclRule[], query: Query): { action: AclAction; zone: string } {
  const address = addressFromText(query.client.address);
  for (const { zones, policies } of rules) {
    const zone = zones.find((own) => isInZone(query.key, own));
    if (zone === undefined) continue;
    const policy = policies.find((candidate) => matches(candidate, query.qtype, address));
    if (policy !== undefined) return { action: policy.action, zone };
  }
  return { action: 'allow', zone: '' };
}

function matches(
  { types, networks }: AclPolicy,
  qtype: number,
  address: Uint8Array | undefined,
): boolean {
  if (types.length > 0 && !types.includes(qtype)) return false;
  if (networks.length === 0) return true;
  return address !== undefined && networks.some((network) => isInNetwork(address, network));
}
