/** The answering part of the hosts directive: addresses and PTR records out of a table of hosts. */
import type { Handler, Next } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { isInZone, nameToWire } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { type Clock, systemClock } from '../forward/clock.js';
import type { DataEnvironment } from '../plugin.js';
import { addressesFor, HostTable } from './host-table.js';
import { HostsFile } from './hosts-file.js';
import { CurrentHostsNames, type HostsNames } from './hosts-names.js';
import { entriesOfText } from './hosts-text.js';
import type { HostsOptions } from './options.js';

/** Gauge, given as steps: names and reverse names that are answered. CoreDNS's. */
const ENTRIES_METRIC = 'coredns_hosts_entries';

/** Extended DNS error 0, other. */
const UNKNOWN_HOST = {
  code: 0,
  text: 'hosts has no such name, and no fallthrough hands it on',
};

export class HostsHandler implements Handler {
  readonly name = 'hosts';
  readonly #options: HostsOptions;
  readonly #environment: DataEnvironment;
  readonly #file: HostsFile;
  readonly #names: CurrentHostsNames;
  #table: HostTable;

  /** Reads the file before it returns. */
  constructor(options: HostsOptions, environment: DataEnvironment, clock?: Clock) {
    this.#options = options;
    this.#environment = environment;
    this.#file = new HostsFile({
      path: options.file,
      reloadMs: options.reloadMs,
      clock: clock ?? systemClock(() => environment.now()),
      logger: environment.logger,
      onText: (text) => {
        const before = this.#table.size;
        this.#table = this.#tableOf(text);
        environment.count(ENTRIES_METRIC, {}, this.#table.size - before);
        environment.logger.info({ file: options.file, names: this.#table.size }, 'hosts read anew');
        this.#names.changed();
      },
    });
    this.#table = this.#tableOf(this.#file.open());
    this.#names = new CurrentHostsNames(options, () => this.#table);
    environment.count(ENTRIES_METRIC, {}, this.#table.size);
  }

  /** Which names it concerns, now and after changes of the file. */
  get names(): HostsNames {
    return this.#names;
  }

  async handle(query: Query, next: Next): Promise<Reply> {
    if (query.qclass !== RRCLASS.IN) return next(query);
    const { key, qtype } = query;
    const { zones, fallthrough } = this.#options;
    const isOwn = zones.some((zone) => isInZone(key, zone));
    const pointers = qtype === RRTYPE.PTR || isOwn ? this.#table.namesOf(key) : undefined;
    if (pointers !== undefined && qtype === RRTYPE.PTR) {
      return this.#answer(query, pointers.map(nameToWire));
    }
    if (!isOwn) return next(query);
    const through = fallthrough.some((zone) => isInZone(key, zone));
    const addresses = this.#table.addressesOf(key);
    if (addresses === undefined && pointers === undefined) {
      // reverse names are never the directive's alone, whatever fallthrough says
      if (through || qtype === RRTYPE.PTR) return next(query);
      query.trace?.step('hosts', 'no such name');
      return recordsReply(RCODE.SERVFAIL, { extendedError: UNKNOWN_HOST });
    }
    const rdata = addresses && addressesFor(addresses, qtype);
    const isSupported = rdata !== undefined || qtype === RRTYPE.PTR;
    if (!isSupported && through && this.#options.fallthroughUnsupported) return next(query);
    return this.#answer(query, rdata ?? []);
  }

  async close(): Promise<void> {
    this.#file.close();
    this.#environment.count(ENTRIES_METRIC, {}, -this.#table.size);
  }

  #tableOf(text: string): HostTable {
    const { file, inline, zones, noReverse } = this.#options;
    const { entries, ignored } = entriesOfText(text);
    if (ignored.length > 0) {
      const fields = { file, lines: ignored.slice(0, 10), count: ignored.length };
      this.#environment.logger.warn(fields, 'lines of the hosts file that are no entries');
    }
    return new HostTable([...entries, ...inline], { zones, reverse: !noReverse });
  }

  /** All the records of one type; NODATA when there are none. */
  #answer(query: Query, rdata: readonly Uint8Array[]): Reply {
    query.trace?.step('hosts', rdata.length === 0 ? 'name without such records' : 'name of a host');
    return recordsReply(RCODE.NOERROR, {
      authoritative: true,
      answer: rdata.map((octets) => ({
        owner: query.qname,
        type: query.qtype,
        class: RRCLASS.IN,
        ttl: this.#options.ttlSeconds,
        rdata: octets,
      })),
    });
  }
}
