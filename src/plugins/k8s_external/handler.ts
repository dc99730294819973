/**
 * The k8s_external directive in the chain: its tables' answers with a SOA of their own, and aliases of
 * load balancers followed.
 */
import type { Handler, Next } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { withQuestion } from '../../chain/query-parser.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { isInZone, nameFromWire, nameToWire } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { NAME_SERVER } from '../../records/external-records.js';
import type { Rotation } from '../../zone/reply.js';
import type { ServedZone, ZoneDescription } from '../../zone/served-zone.js';
import { ZoneAnswers } from '../kubernetes/zone-answers.js';
import type { DataEnvironment } from '../plugin.js';
import type { K8sExternalOptions } from './options.js';

/** What the handler needs besides its options. */
export interface K8sExternalSurroundings {
  readonly environment: Pick<DataEnvironment, 'resolve'>;
  readonly zones: readonly ZoneDescription[];
  /** This thread's reader number. */
  readonly reader: number;
  readonly rotation: Rotation;
}

/** Extended DNS error 14: not ready (RFC 8914 §4.15). */
const NOT_READY = { code: 14, text: 'the first lists of the Kubernetes API are not in' };
/** Serial and the four times at the end of SOA data (RFC 1035 §3.3.13). */
const SOA_NUMBERS = 20;

/** The answering part of a k8s_external directive. */
export function k8sExternalHandler(
  options: K8sExternalOptions,
  { environment, zones, reader, rotation }: K8sExternalSurroundings,
): Handler {
  const answers = new ZoneAnswers(zones, reader, rotation);
  const zonesByLength = [...answers.zones].sort((a, b) => b.apexLabels - a.apexLabels);
  const soaNames = soaNamesOf(options);

  const inZone = async (query: Query, zone: ServedZone, next: Next): Promise<Reply> => {
    const fallsThrough = options.fallthrough.some((suffix) => isInZone(query.key, suffix));
    if (!zone.reader.isReady()) {
      query.trace?.step('k8s_external', 'first lists not in', { zone: zone.description.zone });
      return recordsReply(RCODE.SERVFAIL, { extendedError: NOT_READY });
    }
    const message = answers.message(query.bytes);
    if (message === undefined) {
      // transfers, and what else no table answers
      return (await followAlias(query, answers, environment)) ?? next(query);
    }
    if (message.rcode === RCODE.NXDOMAIN && fallsThrough) return next(query);
    query.trace?.step('k8s_external', 'answered', { zone: zone.description.zone });
    return recordsReply(message.rcode, {
      authoritative: true,
      answer: withSoaNames(message.answer, soaNames),
      authority: withSoaNames(message.authority, soaNames),
      additional: message.additional,
    });
  };

  return {
    name: 'k8s_external',
    async handle(query, next) {
      if (query.qclass !== RRCLASS.IN) return next(query);
      const zone = zonesByLength.find(({ description }) => isInZone(query.key, description.zone));
      return zone === undefined ? next(query) : inZone(query, zone, next);
    },
  };
}

/** A load balancer's name, and what it answers; undefined when the name is no alias. */
async function followAlias(
  query: Query,
  answers: ZoneAnswers,
  environment: K8sExternalSurroundings['environment'],
): Promise<Reply | undefined> {
  const message = answers.message(withQuestion(query, { qtype: RRTYPE.CNAME }).bytes);
  const cname = message?.answer.find((record) => record.type === RRTYPE.CNAME);
  const target = cname && nameFromWire(cname.rdata, 0)?.name;
  if (cname === undefined || target === undefined) return undefined;
  query.trace?.step('k8s_external', 'load balancer by name', { target });
  const records = replyRecords(await environment.resolve(withQuestion(query, { qname: target })));
  // the alias is known whatever becomes of its target; a client may ask somebody else for that
  const found = records?.rcode === RCODE.NOERROR || records?.rcode === RCODE.NXDOMAIN;
  return recordsReply(found ? records.rcode : RCODE.NOERROR, {
    authoritative: true,
    truncated: records?.truncated ?? false,
    answer: [cname, ...(found ? records.answer : [])],
    authority: found ? records.authority : [],
  });
}

/** MNAME and RNAME: all zones, the reverse ones too, have their server in the first forward zone. */
function soaNamesOf({ forwardZones, apex }: K8sExternalOptions): Uint8Array {
  const [zone = '.'] = forwardZones;
  const below = zone === '.' ? `${apex}.` : `${apex}.${zone}`;
  return Buffer.concat([nameToWire(`${NAME_SERVER}.${below}`), nameToWire(`hostmaster.${below}`)]);
}

function withSoaNames(records: readonly ResourceRecord[], names: Uint8Array): ResourceRecord[] {
  return records.map((record) =>
    record.type === RRTYPE.SOA
      ? { ...record, rdata: Buffer.concat([names, record.rdata.subarray(-SOA_NUMBERS)]) }
      : record,
  );
}
