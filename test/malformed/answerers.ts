/** Answerers of one small zone, built from the parts that meet odd messages first. */

import { createChain } from '../../src/chain/chain.js';
import type { Client, Transport } from '../../src/chain/query.js';
import { recordsReply } from '../../src/chain/reply.js';
import { nameToWire } from '../../src/dns/name.js';
import { type Answerer, ASK_CHAIN } from '../../src/listen/answerer.js';
import { silentLogger } from '../../src/observe/logger.js';
import { FastAnswerer } from '../../src/zone/fast-answerer.js';
import { Rotation } from '../../src/zone/reply.js';
import { openZone } from '../../src/zone/served-zone.js';
import { ZoneTable } from '../../src/zone/zone-table.js';
import { block, handler, record } from '../chain/queries.js';

const ZONE = 'example.';
const SOA = record(ZONE, 6, [...nameToWire('ns.example.'), 0, ...Array(20).fill(1)]);

/** `web.example.` has one address; everything else in `example.` does not exist; there is nothing else. */
const zoneHandler = handler(async (query) => {
  if (query.key !== 'web.example.') {
    const rcode = query.key === ZONE ? 0 : 3;
    const answer = query.key === ZONE && [6, 255].includes(query.qtype) ? [SOA] : [];
    const authority = answer.length > 0 ? [] : [SOA];
    return recordsReply(rcode, { authoritative: true, answer, authority });
  }
  const answer = [1, 255].includes(query.qtype) ? [record(query.qname, 1, [192, 0, 2, 1])] : [];
  const authority = answer.length > 0 ? [] : [SOA];
  return recordsReply(0, { authoritative: true, answer, authority });
});

/** The slow half alone: every message goes through the chain. */
export function chainAnswerer(): Answerer {
  const chain = createChain({
    blocks: [block(0, [ZONE])],
    listener: { scheme: 'dns', port: 53 },
    handlersOf: () => [zoneHandler],
    logger: silentLogger,
  });
  return {
    answer: () => ASK_CHAIN,
    resolve: (query, client) => chain.resolve(query, client),
  };
}

/** Both halves, as the server has them: the zone in a table, the chain for the rest. */
export function fastAnswerer(transport: Transport): Answerer {
  const table = new ZoneTable({ zone: ZONE, ttlSeconds: 5, allowsShort: () => false }, 1024 * 1024);
  table.replaceUnit('', [
    { name: '', rrsets: [] },
    { name: 'web', rrsets: [{ type: 'A', addresses: ['192.0.2.1'] }] },
  ]);
  table.writer.setReady();
  const served = openZone(
    {
      zone: ZONE,
      kind: 'forward',
      table: table.buffer,
      ttlSeconds: 5,
      fallthrough: false,
      short: false,
      searchOutside: false,
    },
    0,
  );
  const fast = new FastAnswerer({
    cuts: [
      {
        apex: served.apex,
        labels: served.apexLabels,
        zone: served,
        shortZone: undefined,
        cache: undefined,
      },
    ],
    isDatagram: transport === 'udp',
    udpLimit: 1232,
    rotation: new Rotation(42),
  });
  const chain = chainAnswerer();
  return {
    answer: (query, start, length, out, outStart, capacity) =>
      fast.answer(query, start, length, out, outStart, capacity),
    resolve: (query, client) => chain.resolve(query, client),
  };
}

const out = new Uint8Array(65_535);

/** The reply to a message; undefined for silence. */
export async function ask(
  answerer: Answerer,
  message: Uint8Array,
  transport: Transport,
): Promise<Uint8Array | undefined> {
  const capacity = transport === 'udp' ? 4096 : out.length;
  const length = answerer.answer(message, 0, message.length, out, 0, capacity);
  if (length > 0) return out.slice(0, length);
  if (length !== ASK_CHAIN) return undefined;
  const client: Client = { address: '192.0.2.1', port: 5300, transport, server: 'dns://:53' };
  return answerer.resolve(Uint8Array.from(message), client);
}
