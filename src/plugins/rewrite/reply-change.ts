/** Changes of a reply's names, TTLs and code, to be made when it comes back through the directive. */
import type { RecordsReply } from '../../chain/reply.js';
import { canonicalName, isName, nameFromWire, nameToWire } from '../../dns/name.js';
import type { Rcode } from '../../dns/rcode.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { RDATA_LAYOUTS } from '../../wire/rdata-layout.js';
import type { NameReplacer } from './name-change.js';

/** What becomes of a reply; made for one query. */
export type ReplyChange = (reply: RecordsReply) => RecordsReply | Promise<RecordsReply>;

/** Types whose data has names that `answer value` changes. */
const VALUE_TYPES: ReadonlySet<number> = new Set([
  RRTYPE.CNAME,
  RRTYPE.DNAME,
  RRTYPE.SOA,
  RRTYPE.SRV,
  RRTYPE.MX,
  RRTYPE.NAPTR,
  RRTYPE.NS,
  RRTYPE.PTR,
]);

/** Changes the owner names of all records. */
export function ownerChange(replace: NameReplacer): ReplyChange {
  return recordsChange((record) => {
    const owner = newName(record.owner, replace);
    return owner === undefined ? record : { ...record, owner };
  });
}

/** Changes the names in the data of records, where the type's data has any. */
export function valueChange(replace: NameReplacer): ReplyChange {
  return recordsChange((record) => {
    if (!VALUE_TYPES.has(record.type)) return record;
    const rdata = newRdata(record, replace);
    return rdata === undefined ? record : { ...record, rdata };
  });
}

/** Brings all TTLs between two bounds. */
export function ttlChange(minSeconds: number, maxSeconds: number): ReplyChange {
  return recordsChange((record) => {
    const ttl = Math.min(maxSeconds, Math.max(minSeconds, record.ttl));
    return ttl === record.ttl ? record : { ...record, ttl };
  });
}

/** One code instead of another. */
export function rcodeChange(from: Rcode, to: Rcode): ReplyChange {
  return (reply) => (reply.rcode === from ? { ...reply, rcode: to } : reply);
}

function recordsChange(change: (record: ResourceRecord) => ResourceRecord): ReplyChange {
  return (reply) => ({
    ...reply,
    answer: reply.answer.map(change),
    authority: reply.authority.map(change),
    additional: reply.additional.map(change),
  });
}

/** The changed name; undefined when it is not meant, or the change makes no name of it. */
function newName(name: string, replace: NameReplacer): string | undefined {
  const changed = replace(canonicalName(name));
  return changed !== undefined && isName(changed) ? changed : undefined;
}

/** The data with each name in it changed; undefined when none is. */
function newRdata(record: ResourceRecord, replace: NameReplacer): Uint8Array | undefined {
  const { rdata } = record;
  const parts: Uint8Array[] = [];
  let changed = false;
  let at = 0;
  for (const field of RDATA_LAYOUTS.get(record.type)?.fields ?? []) {
    let end: number;
    if (field === 'name') {
      const read = nameFromWire(rdata, at);
      if (read === undefined) return undefined;
      end = read.end;
      const name = newName(read.name, replace);
      if (name !== undefined) {
        parts.push(nameToWire(name));
        changed = true;
        at = end;
        continue;
      }
    } else {
      end = at + (field === 'string' ? 1 + (rdata[at] ?? 0) : field);
    }
    parts.push(rdata.subarray(at, end));
    at = end;
  }
  if (!changed) return undefined;
  parts.push(rdata.subarray(at));
  return Uint8Array.from(Buffer.concat(parts));
}
