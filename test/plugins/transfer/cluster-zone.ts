/** A cluster zone that the test writes, served over real sockets with a transfer directive in front. */
import { createChain } from '../../../src/chain/chain.js';
import { planText } from '../../../src/corefile/loader.js';
import type { Answerer } from '../../../src/listen/answerer.js';
import { listenTcp } from '../../../src/listen/tcp.js';
import { listenUdpPlain } from '../../../src/listen/udp-plain.js';
import { type Logger, silentLogger } from '../../../src/observe/logger.js';
import { optionsOf } from '../../../src/plugins/options-of.js';
import type { DataEnvironment } from '../../../src/plugins/plugin.js';
import { PLUGIN_REGISTRY } from '../../../src/plugins/registry.js';
import { transferPlugin } from '../../../src/plugins/transfer/directive.js';
import { transferHandler } from '../../../src/plugins/transfer/handler.js';
import type { OwnerRecords, RRset } from '../../../src/records/rrset.js';
import { FastAnswerer } from '../../../src/zone/fast-answerer.js';
import { Rotation } from '../../../src/zone/reply.js';
import { openZone } from '../../../src/zone/served-zone.js';
import type { ZoneCut } from '../../../src/zone/zone-cuts.js';
import { ZoneTable } from '../../../src/zone/zone-table.js';

export const ZONE = 'cluster.local.';
const MEGABYTES = 1024 * 1024;

/** The names of a service with a cluster IP and one port. */
export function service(name: string, address: string): OwnerRecords[] {
  const base = `${name}.svc`;
  const targets = new Map([[base, { v4: [address], v6: [] }]]);
  const records = [{ priority: 0, weight: 100, port: 80, target: base }];
  const rrsets: RRset[] = [
    { type: 'A', addresses: [address] },
    { type: 'SRV', records, targets },
  ];
  return [
    { name: base, rrsets, short: true },
    { name: `_http._tcp.${base}`, rrsets, short: true },
    { name: `_tcp.${base}`, rrsets: [] },
  ];
}

/** The names that belong to no service. */
export function fixedNames(): OwnerRecords[] {
  const own = { v4: ['192.0.2.53'], v6: [] };
  return [
    { name: '', rrsets: [{ type: 'NS', targets: new Map([['ns.dns', own]]) }] },
    { name: 'svc', rrsets: [] },
    { name: 'ns.dns', rrsets: [{ type: 'A', addresses: own.v4 }] },
    { name: 'dns-version', rrsets: [{ type: 'TXT', texts: ['1.1.0'], ttlSeconds: 28_800 }] },
    { name: '10-244-0-1.shop.pod', rrsets: [{ type: 'A', addresses: ['10.244.0.1'] }] },
  ];
}

export class ClusterZone {
  readonly table: ZoneTable = new ZoneTable(
    { zone: ZONE, ttlSeconds: 30, allowsShort: () => true },
    64 * MEGABYTES,
  );

  constructor(owners: readonly OwnerRecords[], serial: number) {
    this.change(owners, serial);
    this.table.writer.setReady();
  }

  change(owners: readonly OwnerRecords[], serial: number): void {
    this.table.replaceUnit('', [...fixedNames(), ...owners]);
    this.table.writer.setSerial(serial);
    this.table.writer.reclaim();
  }
}

export interface ServedCluster {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves on UDP and TCP of one port of 127.0.0.1. */
export async function serveCluster(
  zone: ClusterZone,
  directive: string,
  logger: Logger = silentLogger,
): Promise<ServedCluster> {
  const load = { env: {}, registry: PLUGIN_REGISTRY, cwd: '/' };
  const { plan, faults } = planText(`. {\n${directive}\n}`, 'Corefile', load);
  const [block] = plan?.blocks ?? [];
  if (block === undefined) throw new Error(faults?.map(({ line }) => line).join('\n'));
  const served = openZone(
    {
      zone: ZONE,
      kind: 'forward',
      table: zone.table.buffer,
      ttlSeconds: 30,
      fallthrough: false,
      short: true,
      searchOutside: false,
    },
    0,
  );
  const environment: DataEnvironment = {
    logger,
    addresses: block.addresses,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => Math.random(),
    resolve: () => Promise.reject(new Error('nothing to ask')),
    ownsName: () => false,
    cluster: { zones: [served], namespaceOf: () => undefined, leads: true },
    count() {},
    observe() {},
  };
  const options = optionsOf(block, transferPlugin);
  const handler = transferHandler(options ?? { stanzas: [] }, environment);
  const chain = createChain({
    blocks: [block],
    listener: { scheme: 'dns', port: 53 },
    handlersOf: () => [handler],
    logger,
  });
  const { apex, apexLabels: labels } = served;
  const cut: ZoneCut = { apex, labels, zone: served, shortZone: undefined, cache: undefined };
  const answererFor = (isDatagram: boolean): Answerer => {
    const rotation = new Rotation(1);
    const fast = new FastAnswerer({ cuts: [cut], isDatagram, udpLimit: 1232, rotation });
    return {
      answer: (...message) => fast.answer(...message),
      resolve: (query, client, sink) => chain.resolve(query, client, undefined, sink),
    };
  };
  const shared = { server: 'dns://:53', address: '127.0.0.1', logger };
  const udp = await listenUdpPlain({ ...shared, port: 0, answerer: answererFor(true) });
  const tcp = await listenTcp({ ...shared, port: udp.port, answerer: answererFor(false) });
  return {
    port: udp.port,
    async close() {
      await Promise.all([udp.close(0), tcp.close(0)]);
      await handler.close?.();
    },
  };
}
