/** How this server recognises a question of its own that came back: the name of its probes, and their answer. */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Query } from '../../chain/query.js';
import { type RecordsReply, recordsReply } from '../../chain/reply.js';
import { labelsOf } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';

const LABEL = 'svcdns-loop-';

/** Sees incoming queries and answers those that are probes of this very process. */
export interface LoopWitness {
  /** The answer to a probe of ours, or undefined for every other query. */
  witness(query: Query): RecordsReply | undefined;
}

/**
 * A mark that all threads of this process share and no other process has, also not one with the same
 * host name and process ID in another container: namespace and start time are part of it.
 */
export function processIdentity(): string {
  const parts = [hostname(), String(process.pid), pidNamespace(), startTime()];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** `<nonce>.svcdns-loop-<identity>.<zone>`; asked for with type HINFO, as CoreDNS does. */
export function probeName(nonce: string, identity: string, zone: string): string {
  return `${nonce}.${LABEL}${identity}.${zone === '.' ? '' : zone}`;
}

/** @param onSeen gets the nonce of each probe that came back */
export function loopWitness(
  identity: string,
  onSeen: (nonce: string) => void = () => {},
): LoopWitness {
  const marker = `${LABEL}${identity}`;
  return {
    witness(query) {
      if (query.qtype !== RRTYPE.HINFO) return undefined;
      const [nonce = '', label] = labelsOf(query.key);
      if (label !== marker) return undefined;
      onSeen(nonce);
      return recordsReply(RCODE.NOERROR, {
        // authoritative, and with TTL 0: nobody on the way keeps it
        authoritative: true,
        answer: [
          {
            owner: query.qname,
            type: RRTYPE.HINFO,
            class: RRCLASS.IN,
            ttl: 0,
            rdata: probeData(nonce),
          },
        ],
      });
    },
  };
}

/** The data of the answer to a probe: two character-strings, `svcdns-loop` and the nonce. */
export function probeData(nonce: string): Uint8Array {
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
  return Buffer.concat([text('svcdns-loop'), text(nonce)]);
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Field 22 of /proc/self/stat: ticks since boot (proc(5)); the command before it may hold blanks. */
function startTime(): string {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
