/**
 * The kubernetes directive in the chain: what its tables cannot answer alone.
 *
 * That is: aliases that lead out of the zones, pod names spelled in IPv6, name errors that fall through,
 * names without a zone (search_path), and everything while the first lists are not in.
 */
import type { Handler, Next } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { withQuestion } from '../../chain/query-parser.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { addressFromDashedLabel, dashedLabelOf } from '../../dns/address.js';
import { isInZone, labelsOf, nameFromWire } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';
import type { Rotation } from '../../zone/reply.js';
import type { ServedZone, ZoneDescription } from '../../zone/served-zone.js';
import { hasEntry } from '../../zone/table-reader.js';
import type { DataEnvironment } from '../plugin.js';
import type { KubernetesOptions } from './options.js';
import { type SearchWalk, walkSearchPath } from './search-walk.js';
import { ZoneAnswers } from './zone-answers.js';

/** What the handler needs besides its options. */
export interface KubernetesSurroundings {
  readonly environment: DataEnvironment;
  readonly zones: readonly ZoneDescription[];
  /** This thread's reader number. */
  readonly reader: number;
  readonly rotation: Rotation;
  /** Zones that another block or forward directive owns: names in them are never taken for short ones. */
  readonly stubZones: readonly string[];
  /** Whether an absolute name belongs somewhere outside: what `search_path outside` may ask for. */
  isOutsideName(name: string): boolean;
  /** The namespace that a client lives in, where that is known. */
  namespaceOf(clientAddress: string): string | undefined;
}

/** Extended DNS error 14: not ready (RFC 8914 §4.15). */
const NOT_READY = { code: 14, text: 'the first lists of the Kubernetes API are not in' };

/** The answering part of a kubernetes directive. */
export function kubernetesHandler(
  options: KubernetesOptions,
  surroundings: KubernetesSurroundings,
): Handler {
  const { environment } = surroundings;
  const answers = new ZoneAnswers(surroundings.zones, surroundings.reader, surroundings.rotation);
  const zonesByLength = [...answers.zones].sort((a, b) => b.apexLabels - a.apexLabels);

  const searchWalk = (zone: ServedZone): SearchWalk => ({
    zone: zone.description.zone,
    ttlSeconds: options.ttlSeconds,
    searchDomains: options.searchDomains,
    environment,
    hasNamespace: (namespace) => hasEntry(zone.reader, `${namespace}.svc`),
    isOutsideName: surroundings.isOutsideName,
  });

  const inZone = async (query: Query, zone: ServedZone, next: Next): Promise<Reply> => {
    const fallsThrough = options.fallthrough.some((suffix) => isInZone(query.key, suffix));
    if (!zone.reader.isReady()) {
      query.trace?.step('kubernetes', 'first lists not in', { zone: zone.description.zone });
      if (fallsThrough && zone.description.kind === 'reverse') return next(query);
      return recordsReply(RCODE.SERVFAIL, { extendedError: NOT_READY });
    }
    const bytes = answers.bytes(query.bytes);
    if (bytes !== undefined) {
      const isNameError = ((bytes[3] ?? 0) & 0x0f) === RCODE.NXDOMAIN;
      if (isNameError && options.searchPath === 'outside' && zone.description.kind === 'forward') {
        const found = await walkSearchPath(query, searchWalk(zone));
        if (found !== undefined) return found;
      }
      if (isNameError && fallsThrough) return next(query);
      return { kind: 'bytes', bytes };
    }
    const pod = podAnswer(query, zone, options, answers);
    if (pod !== undefined) return pod;
    const alias = await followAlias(query, answers, environment);
    if (alias !== undefined) return alias;
    // transfers and what else has no answer in a table
    return next(query);
  };

  return {
    name: 'kubernetes',
    async handle(query, next) {
      if (query.qclass !== RRCLASS.IN) return next(query);
      const zone = zonesByLength.find(({ description }) => isInZone(query.key, description.zone));
      if (zone !== undefined) return inZone(query, zone, next);
      const short = await shortAnswer(query, options, surroundings, answers);
      return short ?? next(query);
    },
  };
}

/** The alias of a name and what its target answers; undefined when the name is no alias. */
async function followAlias(
  query: Query,
  answers: ZoneAnswers,
  environment: DataEnvironment,
): Promise<Reply | undefined> {
  const message = answers.message(withQuestion(query, { qtype: RRTYPE.CNAME }).bytes);
  const cname = message?.answer.find((record) => record.type === RRTYPE.CNAME);
  const target = cname && nameFromWire(cname.rdata, 0)?.name;
  if (cname === undefined || target === undefined) return undefined;
  query.trace?.step('kubernetes', 'ExternalName', { target });
  const reply = await environment.resolve(withQuestion(query, { qname: target }));
  const records = replyRecords(reply, target);
  // the rcode is that of the last name (RFC 6604 §3); a refused or failed target is our failure
  const rcode =
    records === undefined || (records.rcode !== RCODE.NOERROR && records.rcode !== RCODE.NXDOMAIN)
      ? RCODE.SERVFAIL
      : records.rcode;
  return recordsReply(rcode, {
    authoritative: true,
    truncated: records?.truncated ?? false,
    answer: [cname, ...(records?.answer ?? [])],
    authority: rcode === RCODE.SERVFAIL ? [] : (records?.authority ?? []),
    additional: records?.additional ?? [],
  });
}

/** `<dashed IPv6>.<namespace>.pod.<zone>` in any spelling of the address. */
function podAnswer(
  query: Query,
  zone: ServedZone,
  options: KubernetesOptions,
  answers: ZoneAnswers,
): Reply | undefined {
  const labels = labelsOf(query.key);
  if (labels.length !== zone.apexLabels + 3 || labels[2] !== 'pod') return undefined;
  const [label = '', namespace = ''] = labels;
  const address = addressFromDashedLabel(label);
  if (address === undefined) return nameError(query, namespace, zone, answers);
  if (options.pods === 'verified') {
    const canonical = dashedLabelOf(address);
    if (canonical === label) return nameError(query, namespace, zone, answers);
    const name = `${canonical}.${labels.slice(1).join('.')}.`;
    const message = answers.message(withQuestion(query, { qname: name }).bytes);
    if (message === undefined) return nameError(query, namespace, zone, answers);
    return renamed(query, message.rcode, message.answer, message.authority);
  }
  const type = address.length === 4 ? RRTYPE.A : RRTYPE.AAAA;
  if (query.qtype !== type) {
    // NODATA: the parent's NODATA carries the right SOA
    const parent = answers.message(
      withQuestion(query, { qname: `${labels.slice(1).join('.')}.` }).bytes,
    );
    return recordsReply(RCODE.NOERROR, {
      authoritative: true,
      authority: parent?.authority ?? [],
    });
  }
  const record: ResourceRecord = {
    owner: query.qname,
    type,
    class: RRCLASS.IN,
    ttl: options.ttlSeconds,
    rdata: address,
  };
  return recordsReply(RCODE.NOERROR, { authoritative: true, answer: [record] });
}

/** NXDOMAIN with the zone's SOA, taken from a name that can't exist. */
function nameError(query: Query, namespace: string, zone: ServedZone, answers: ZoneAnswers): Reply {
  const missing = `-.${namespace}.pod.${zone.description.zone}`;
  const message = answers.message(withQuestion(query, { qname: missing }).bytes);
  return recordsReply(RCODE.NXDOMAIN, {
    authoritative: true,
    authority: message?.authority ?? [],
  });
}

/** Names without the zone: `svc.ns.` and, where the client's namespace is known, `svc.` (docs/search-path.md). */
async function shortAnswer(
  query: Query,
  options: KubernetesOptions,
  { namespaceOf, environment, stubZones }: KubernetesSurroundings,
  answers: ZoneAnswers,
): Promise<Reply | undefined> {
  if (options.searchPath === 'off') return undefined;
  if (stubZones.some((zone) => isInZone(query.key, zone))) return undefined;
  const bytes = answers.bytes(query.bytes);
  if (bytes !== undefined) {
    query.trace?.step('kubernetes', 'short name of a service', { shape: 'service.namespace' });
    return { kind: 'bytes', bytes };
  }
  const labels = labelsOf(query.key);
  const zone = options.forwardZones[0];
  if (zone === undefined) return undefined;
  if (labels.length === 2) return followAlias(query, answers, environment);
  if (labels.length !== 1) return undefined;
  const namespace = namespaceOf(query.client.address);
  if (namespace === undefined) return undefined;
  const full = withQuestion(query, { qname: `${labels[0]}.${namespace}.svc.${zone}` });
  const alias = await followAlias(full, answers, environment);
  const message =
    alias === undefined ? answers.message(full.bytes) : replyRecords(alias, full.qname);
  if (message === undefined || message.rcode !== RCODE.NOERROR) return undefined;
  query.trace?.step('kubernetes', 'short name in the client’s namespace', { namespace });
  return renamed(query, message.rcode, message.answer, message.authority, full.key);
}

/** Records whose owner is what was looked up get the name that was asked instead. */
function renamed(
  query: Query,
  rcode: number,
  answer: readonly ResourceRecord[],
  authority: readonly ResourceRecord[],
  lookedUp?: string,
): Reply {
  const owner = lookedUp ?? answer[0]?.owner.toLowerCase();
  return recordsReply(rcode, {
    authoritative: true,
    answer: answer.map((record) =>
      record.owner.toLowerCase() === owner ? { ...record, owner: query.qname } : record,
    ),
    authority,
  });
}
