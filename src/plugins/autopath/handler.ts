/** Walks a client's search list on its behalf: the first name that exists is answered, behind an alias. */
import type { Handler, Next } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { withQuestion } from '../../chain/query-parser.js';
import { type RecordsReply, type Reply, recordsReply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { isInZone, isName, labelsOf, nameToWire } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';
import type { ClusterView, DataEnvironment } from '../plugin.js';
import type { AutopathOptions } from './options.js';

const SUCCESS = 'coredns_autopath_success_total';

/** The answering part. */
export function autopathHandler(options: AutopathOptions, environment: DataEnvironment): Handler {
  return {
    name: 'autopath',
    async handle(query, next) {
      if (!isSearched(query) || !options.zones.some((zone) => isInZone(query.key, zone))) {
        return next(query);
      }
      const search = searchListFor(query, options, environment.cluster);
      const asked = askedName(query, search[0]);
      if (asked === undefined) return next(query);
      const original = await next(query);
      if (replyRecords(original)?.rcode !== RCODE.NXDOMAIN) return original;
      const found = await walk(query, asked, search.slice(1), next);
      if (found === undefined) return original;
      environment.count(SUCCESS, { server: query.client.server });
      return found;
    },
  };
}

/** Only what a stub resolver asks for by its search list. */
function isSearched({ qtype, qclass }: Query): boolean {
  return qclass === RRCLASS.IN && (qtype === RRTYPE.A || qtype === RRTYPE.AAAA);
}

/** The client's search list, canonical; empty when it is not known. The name as it is comes last. */
function searchListFor(
  query: Query,
  { source }: AutopathOptions,
  cluster: ClusterView | undefined,
): readonly string[] {
  if (source.kind === 'file') return [...source.domains, '.'];
  const namespace = cluster?.namespaceOf(query.client.address);
  const zone = cluster?.zones.find(
    ({ description }) => description.kind === 'forward' && isInZone(query.key, description.zone),
  )?.description.zone;
  if (namespace === undefined || zone === undefined) return [];
  const own = [`${namespace}.svc.${zone}`, `svc.${zone}`, zone];
  return [...own, ...source.domains.filter((domain) => !own.includes(domain)), '.'];
}

/** The labels in front of the first domain of the list, in the asker's spelling, with a final dot. */
function askedName(query: Query, first: string | undefined): string | undefined {
  if (first === undefined || query.key === first || !isInZone(query.key, first)) return undefined;
  const labels = labelsOf(query.qname);
  return `${labels.slice(0, labels.length - labelsOf(first).length).join('.')}.`;
}

/** The first name behind the original that exists; undefined when there is none, or one could not be asked. */
async function walk(
  query: Query,
  asked: string,
  domains: readonly string[],
  next: Next,
): Promise<Reply | undefined> {
  for (const domain of domains) {
    const qname = domain === '.' ? asked : `${asked}${domain}`;
    if (!isName(qname)) continue;
    const reply = replyRecords(await next(withQuestion(query, { qname })), qname);
    query.trace?.step('autopath', 'tried', { qname, rcode: reply?.rcode });
    if (reply?.rcode === RCODE.NXDOMAIN) continue;
    return reply?.rcode === RCODE.NOERROR ? aliasTo(query, qname, reply) : undefined;
  }
  return undefined;
}

/** The alias lives as long as what it leads to. */
function aliasTo(query: Query, target: string, reply: RecordsReply): Reply {
  const records = reply.answer.length > 0 ? reply.answer : reply.authority;
  const ttl = records.length === 0 ? 0 : Math.min(...records.map((record) => record.ttl));
  const alias = {
    owner: query.qname,
    type: RRTYPE.CNAME,
    class: RRCLASS.IN,
    ttl,
    rdata: nameToWire(target),
  };
  return recordsReply(RCODE.NOERROR, {
    authoritative: reply.authoritative,
    recursionAvailable: reply.recursionAvailable,
    truncated: reply.truncated,
    answer: [alias, ...reply.answer],
    authority: reply.answer.length === 0 ? reply.authority : [],
  });
}
