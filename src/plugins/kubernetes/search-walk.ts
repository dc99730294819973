/**
 * The rest of a pod's search list, walked by the server (search_path outside, docs/search-path.md).
 *
 * A pod in namespace b with ndots:5 asks for `api.example.com` first as
 * `api.example.com.b.svc.cluster.local`. The namespace stands in the name, so the server can try what the
 * pod would try next, and answer with an alias to the first that exists (as CoreDNS's autopath does).
 */
import type { Query } from '../../chain/query.js';
import { withQuestion } from '../../chain/query-parser.js';
import { type RecordsReply, recordsReply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { isName, labelsOf, nameToWire } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';
import type { DataEnvironment } from '../plugin.js';

/** What the walk has to know. */
export interface SearchWalk {
  /** The forward zone that the name lies in, canonical. */
  readonly zone: string;
  readonly ttlSeconds: number;
  /** Further search domains of the nodes, canonical, in their order. */
  readonly searchDomains: readonly string[];
  readonly environment: DataEnvironment;
  /** Whether `<namespace>.svc.<zone>` is served. */
  hasNamespace(namespace: string): boolean;
  /** Whether an absolute name belongs somewhere: a delegated top-level domain, or a zone that the Corefile names. */
  isOutsideName(name: string): boolean;
}

/** Types that a resolver asks through its search list; others are asked by tools, which mean what they say. */
const SEARCHED: ReadonlySet<number> = new Set([
  RRTYPE.A,
  RRTYPE.AAAA,
  RRTYPE.CNAME,
  RRTYPE.MX,
  RRTYPE.TXT,
  RRTYPE.SRV,
  RRTYPE.HTTPS,
  RRTYPE.SVCB,
]);

/**
 * The answer to a name that does not exist in the zone, found further on in the search list; undefined when
 * the name has not that shape or nothing of the list exists.
 */
export async function walkSearchPath(
  query: Query,
  walk: SearchWalk,
): Promise<RecordsReply | undefined> {
  const asked = searchedName(query, walk);
  if (asked === undefined || !SEARCHED.has(query.qtype)) return undefined;
  for (const candidate of candidates(asked, walk)) {
    if (!isName(candidate)) continue;
    const reply = replyRecords(
      await walk.environment.resolve(withQuestion(query, { qname: candidate })),
      candidate,
    );
    const exists = reply?.rcode === RCODE.NOERROR;
    query.trace?.step('kubernetes', 'search path', { candidate, exists });
    if (reply !== undefined && exists) return aliasTo(query, candidate, reply, walk.ttlSeconds);
    // an upstream that fails must not look like a name that does not exist
    if (reply?.rcode === RCODE.SERVFAIL) return reply;
  }
  return undefined;
}

/** What the pod looks for: the labels in front of `<namespace>.svc.<zone>`, at least two of them. */
function searchedName(query: Query, { zone, hasNamespace }: SearchWalk): string | undefined {
  const labels = labelsOf(query.qname);
  const own = labels.length - labelsOf(zone).length;
  const namespace = labels[own - 2]?.toLowerCase();
  if (own < 4 || labels[own - 1]?.toLowerCase() !== 'svc' || namespace === undefined) {
    return undefined;
  }
  const front = labels.slice(0, own - 2);
  // `_port._proto.service` is meant for this very service
  if (front.every((label, i) => i > 1 || label.startsWith('_'))) return undefined;
  return hasNamespace(namespace) ? `${front.join('.')}.` : undefined;
}

/** The kubelet's list behind the pod's own namespace, then the name as it is. */
function* candidates(
  asked: string,
  { zone, searchDomains, isOutsideName }: SearchWalk,
): Iterable<string> {
  yield `${asked}svc.${zone}`;
  yield `${asked}${zone}`;
  for (const domain of searchDomains) yield `${asked}${domain}`;
  if (isOutsideName(asked.toLowerCase())) yield asked;
}

function aliasTo(
  query: Query,
  target: string,
  reply: RecordsReply,
  ttlSeconds: number,
): RecordsReply {
  const ttl = Math.min(ttlSeconds, ...reply.answer.map((record) => record.ttl));
  const alias: ResourceRecord = {
    owner: query.qname,
    type: RRTYPE.CNAME,
    class: RRCLASS.IN,
    ttl,
    rdata: nameToWire(target),
  };
  return recordsReply(RCODE.NOERROR, {
    authoritative: true,
    truncated: reply.truncated,
    answer: [alias, ...reply.answer],
    authority: reply.answer.length === 0 ? reply.authority : [],
  });
}
