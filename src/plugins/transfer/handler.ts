/** Answers AXFR and IXFR of the cluster's zones (RFC 5936, RFC 1995), and tells secondaries of changes. */
import type { Handler } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { addressFromText } from '../../dns/address.js';
import { RCODE } from '../../dns/rcode.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { decodeMessage } from '../../wire/message.js';
import type { ServedZone } from '../../zone/served-zone.js';
import { zoneRecords, zoneSoa } from '../../zone/zone-records-reader.js';
import { systemClock } from '../forward/clock.js';
import { cryptoRandom } from '../forward/random-source.js';
import { isInNetwork } from '../network.js';
import type { DataEnvironment } from '../plugin.js';
import { stanzaFor, type TransferOptions, type TransferStanza } from './options.js';
import { isNewer, soaSerial } from './serial.js';
import { SerialWatch } from './serial-watch.js';
import { Turnstile } from './turnstile.js';

/** Transfers of one thread at once: each holds a copy of the zone's table. */
const TRANSFERS_AT_ONCE = 4;

const OTHERS = { code: 18, text: 'transfers are for the secondaries that the Corefile names' };
const NOT_A_ZONE = { code: 20, text: 'that is no zone of the cluster' };
const NOT_READY = { code: 14, text: 'the first lists of the Kubernetes API are not in' };

/** The answering part of all transfer directives of a block. */
export function transferHandler(options: TransferOptions, environment: DataEnvironment): Handler {
  const turnstile = new Turnstile(TRANSFERS_AT_ONCE);
  const { cluster, logger } = environment;
  const zones = (cluster?.zones ?? []).filter(({ description }) => description.kind === 'forward');
  const watch = new SerialWatch({
    stanzas: cluster?.leads === true ? options.stanzas : [],
    zones,
    logger,
    clock: systemClock(() => environment.now()),
    random: cryptoRandom(),
  });
  watch.start();

  const transfer = (query: Query, zone: ServedZone): Reply => {
    if (!zone.reader.isReady()) {
      return recordsReply(RCODE.SERVFAIL, { extendedError: NOT_READY });
    }
    const soa = zoneSoa(zone);
    const serial = soaSerial(soa.rdata);
    const known = query.qtype === RRTYPE.IXFR ? knownSerial(query) : undefined;
    const answer = [soa];
    // whoever has this version, or a newer one of another replica, gets the SOA alone (RFC 1995 §2)
    if (known !== undefined && !isNewer(serial, known)) {
      return recordsReply(RCODE.NOERROR, { authoritative: true, answer });
    }
    const { address } = query.client;
    logger.info({ zone: zone.description.zone, serial, client: address }, 'zone transfer');
    const rest = turnstile.admit(() => zoneContent(zone, soa));
    return recordsReply(RCODE.NOERROR, { authoritative: true, answer, rest });
  };

  return {
    name: 'transfer',
    async handle(query, next) {
      if (query.qtype !== RRTYPE.AXFR && query.qtype !== RRTYPE.IXFR) return next(query);
      const stanza = stanzaFor(options.stanzas, query.key);
      if (stanza === undefined || !isAllowed(stanza, query.client.address)) {
        query.trace?.step('transfer', 'refused', { client: query.client.address });
        return recordsReply(RCODE.REFUSED, { extendedError: OTHERS });
      }
      const { transport } = query.client;
      if (transport === 'udp' || transport === 'https') return recordsReply(RCODE.REFUSED);
      const zone = zones.find(({ description }) => description.zone === query.key);
      if (zone !== undefined) return transfer(query, zone);
      return recordsReply(RCODE.NOTAUTH, { extendedError: NOT_A_ZONE });
    },
    close: () => watch.close(),
  };
}

/** Everything behind the first SOA; the same SOA stands at the end (RFC 5936 §2.2). */
async function* zoneContent(
  zone: ServedZone,
  soa: ResourceRecord,
): AsyncGenerator<readonly ResourceRecord[]> {
  yield* zoneRecords(zone);
  yield [soa];
}

function isAllowed({ anybody, networks }: TransferStanza, client: string): boolean {
  if (anybody) return true;
  const octets = addressFromText(client);
  return octets !== undefined && networks.some((network) => isInNetwork(octets, network));
}

/** The version that an IXFR query says it has: the SOA in its authority section. */
function knownSerial(query: Query): number | undefined {
  const soa = decodeMessage(query.bytes)?.authority.find(({ type }) => type === RRTYPE.SOA);
  return soa && soaSerial(soa.rdata);
}
