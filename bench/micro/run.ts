/**
 * The small benchmarks: what one step costs without sockets and without a cluster, on 10,000 services
 * with 150,000 endpoints.
 *
 * Run with `npm run bench:micro [-- WORD]`; WORD keeps the steps whose name holds it.
 */

import type { Directive } from '../../src/corefile/plan.js';
import { labelsOf, nameToWire } from '../../src/dns/name.js';
import type { KubeChange } from '../../src/kube/objects.js';
import type { ChangeBatch, WatchSource } from '../../src/kube/watch-source.js';
import { kubernetesPlugin } from '../../src/plugins/kubernetes/directive.js';
import type { KubernetesOptions } from '../../src/plugins/kubernetes/options.js';
import type { DerivationOptions } from '../../src/records/derivation.js';
import { serviceRecords } from '../../src/records/service-records.js';
import { ZoneSync } from '../../src/sync.js';
import { QueryScan, scanQuery } from '../../src/wire/query-scan.js';
import { compileEntry } from '../../src/zone/answer-compiler.js';
import { FastAnswerer, type FastAnswererOptions } from '../../src/zone/fast-answerer.js';
import { Rotation } from '../../src/zone/reply.js';
import { openZone, type ServedZone } from '../../src/zone/served-zone.js';
import { seededRandom } from '../random.js';
import { bigService, LARGE_SIZE, type SeedService, seedServices } from '../seed.js';
import { type Measured, measure, measureEach } from './measure.js';
import { queryBytes } from './query-bytes.js';
import { kubeSlices, storeOf } from './store.js';

const ZONE = 'cluster.local.';
const REVERSE = 'in-addr.arpa.';
const BIG = bigService(500);
const SIZE = { ...LARGE_SIZE, headless: 900, bigEndpoints: [500] };
const UDP_LIMIT = 1232;
/** So many different names an answering step: more than a processor's first caches hold. */
const NAMES = 4096;

const options: KubernetesOptions = kubernetesPlugin.parse(
  [directive('kubernetes', [ZONE, REVERSE], [directive('pods', ['insecure'])])],
  { addresses: [], zones: ['.'], directory: '/', readFile: () => '' },
);
const derivation: DerivationOptions = { ...options, zone: ZONE, zones: [ZONE] };

async function main(): Promise<void> {
  const wanted = process.argv[2] ?? '';
  const services = seedServices(SIZE);
  const store = storeOf(services);
  const source = sourceOf(store);
  const sync = new ZoneSync({
    kubernetes: options,
    source,
    ownAddresses: [],
    isTopLevelDomain: () => false,
    wallClock: () => 0,
  });
  const rows: Measured[] = [];
  const step = async (name: string, run: (name: string) => Promise<Measured>): Promise<void> => {
    if (name.includes(wanted)) rows.push(await run(name));
  };
  const started = performance.now();
  await sync.publishAll();
  rows.push(once(`publish all ${services.length} services`, performance.now() - started));

  const forward = openZone(description(ZONE, 'forward', sync.forwardTable(ZONE)), 1);
  const reverse = openZone(description(REVERSE, 'reverse', sync.reverseTable), 1);
  await scanSteps(services, forward, step);
  await answerSteps(services, [forward, reverse], step);
  await recordSteps(services, store, step);
  await syncSteps(services, store, sync, step);
  print(rows);
}

type Step = (name: string, run: (name: string) => Promise<Measured>) => Promise<void>;

async function scanSteps(
  services: readonly SeedService[],
  forward: ServedZone,
  step: Step,
): Promise<void> {
  const scan = new QueryScan();
  const one = queries(services, (service) => queryBytes(nameOf(service), 'A'));
  const edns = queries(services, (service) => queryBytes(nameOf(service), 'A', true));
  const scanAll = (all: readonly Uint8Array[]) => (i: number) => {
    const query = all[i & (NAMES - 1)]!;
    return scanQuery(query, 0, query.length, scan);
  };
  await step('scan', (name) => measure(name, scanAll(one)));
  await step('scan with OPT', (name) => measure(name, scanAll(edns)));
  const keys = one.map((query) => {
    const found = new QueryScan();
    scanQuery(query, 0, query.length, found);
    return {
      hash: found.prefixHash[3]!,
      folded: found.folded,
      length: found.qnameLength - forward.keyTail,
    };
  });
  const none = new Uint8Array(0);
  await step('find', (name) =>
    measure(name, (i) => {
      const { hash, folded, length } = keys[i & (NAMES - 1)]!;
      return forward.reader.find(hash, folded, 0, length, none);
    }),
  );
}

async function answerSteps(
  services: readonly SeedService[],
  zones: readonly ServedZone[],
  step: Step,
): Promise<void> {
  const plain = services.filter(({ clusterIP }) => clusterIP !== undefined);
  const headless = services.filter(({ clusterIP }) => clusterIP === undefined).slice(0, -1);
  const shapes: Readonly<Record<string, readonly Uint8Array[]>> = {
    'answer: hit': queries(plain, (one) => queryBytes(nameOf(one), 'A')),
    'answer: hit with OPT': queries(plain, (one) => queryBytes(nameOf(one), 'A', true)),
    'answer: short name': queries(plain, (one) => queryBytes(`${one.name}.${one.namespace}`, 'A')),
    'answer: AAAA without data': queries(plain, (one) => queryBytes(nameOf(one), 'AAAA')),
    'answer: search list': queries(plain, (one) =>
      queryBytes(`api.example.com.${one.namespace}.svc.cluster.local`, 'A'),
    ),
    'answer: SRV': queries(plain, (one) => queryBytes(`_http._tcp.${nameOf(one)}`, 'SRV')),
    'answer: headless of 51, cut at 512': queries(headless, (one) => queryBytes(nameOf(one), 'A')),
    'answer: headless of 51, with OPT': queries(headless, (one) =>
      queryBytes(nameOf(one), 'A', true),
    ),
    'answer: headless of 500, cut at 512': [queryBytes(nameOf(BIG), 'A')],
    'answer: PTR': queries(plain, ({ clusterIP = '' }) =>
      queryBytes(`${clusterIP.split('.').reverse().join('.')}.in-addr.arpa`, 'PTR'),
    ),
  };
  const answerer = new FastAnswerer(answererOptions(zones, true));
  const stream = new FastAnswerer(answererOptions(zones, false));
  const out = new Uint8Array(65_536);
  const answerAll = (who: FastAnswerer, all: readonly Uint8Array[]) => (i: number) => {
    const query = all[i & (all.length - 1)]!;
    const written = who.answer(query, 0, query.length, out, 0, out.length);
    if (written <= 0) throw new Error(`not answered: ${Buffer.from(query).toString('latin1')}`);
    return written;
  };
  for (const [title, all] of Object.entries(shapes)) {
    await step(title, (name) => measure(name, answerAll(answerer, all)));
  }
  const big = [queryBytes(nameOf(BIG), 'A')];
  await step('answer: headless of 500, whole', (name) => measure(name, answerAll(stream, big)));
}

async function recordSteps(
  services: readonly SeedService[],
  store: ReturnType<typeof storeOf>,
  step: Step,
): Promise<void> {
  const kinds = [
    ['service', services.find(({ clusterIP }) => clusterIP !== undefined)],
    ['headless of 51', services[0]],
    ['headless of 500', services.at(-1)],
  ] as const;
  const context = { zone: ZONE, ttlSeconds: 30, allowsShort: () => true };
  for (const [title, service] of kinds) {
    if (service === undefined) continue;
    const { namespace, name } = service;
    await step(`derive: ${title}`, (row) =>
      measure(row, () => [...serviceRecords(store, derivation, namespace, name)].length),
    );
    const owners = [...serviceRecords(store, derivation, namespace, name)];
    await step(`compile: ${title}, ${owners.length} names`, (row) =>
      measure(row, () => {
        let octets = 0;
        for (const owner of owners) octets += compileEntry(owner, context).length;
        return octets;
      }),
    );
  }
}

async function syncSteps(
  services: readonly SeedService[],
  store: ReturnType<typeof storeOf>,
  sync: ZoneSync,
  step: Step,
): Promise<void> {
  const plain = services.filter(({ clusterIP }) => clusterIP !== undefined);
  const headless = services.filter(({ clusterIP }) => clusterIP === undefined).slice(0, -1);
  const big = services.slice(-1);
  const cases = [
    ['apply: an endpoint of a service', plain, 1],
    ['apply: an endpoint of each of 100 services', plain, 100],
    ['apply: an endpoint of a headless service of 51', headless, 1],
    ['apply: an endpoint of a headless service of 500', big, 1],
  ] as const;
  for (const [title, pool, size] of cases) {
    await step(title, (name) =>
      measureEach(name, 60, (i) => {
        const changes: KubeChange[] = [];
        for (let k = 0; k < size; k++) {
          const service = pool[(i * size + k) % pool.length]!;
          const isWhole = Math.floor((i * size + k) / pool.length) % 2 === 1;
          changes.push(...changed(store, service, isWhole, i));
        }
        sync.apply(batch(changes));
      }),
    );
  }
}

/** A service loses its first endpoint or has it back. */
function changed(
  store: ReturnType<typeof storeOf>,
  service: SeedService,
  isWhole: boolean,
  index: number,
): KubeChange[] {
  const endpoints = isWhole ? service.endpoints : service.endpoints.slice(1);
  const [slice] = kubeSlices({ ...service, endpoints }, String(index + 2));
  if (slice === undefined) return [];
  const { namespace, name } = slice;
  const change = store.apply({ kind: 'EndpointSlice', namespace, name, object: slice });
  return change === undefined ? [] : [change];
}

function batch(changes: readonly KubeChange[]): ChangeBatch {
  return { changes, receivedAt: 0 };
}

function queries(
  services: readonly SeedService[],
  query: (service: SeedService) => Uint8Array,
): Uint8Array[] {
  const random = seededRandom(7);
  return Array.from({ length: NAMES }, () => query(services[random(services.length)]!));
}

function nameOf({ name, namespace }: Pick<SeedService, 'name' | 'namespace'>): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

function answererOptions(zones: readonly ServedZone[], isDatagram: boolean): FastAnswererOptions {
  const cuts = zones.map((zone) => ({
    apex: nameToWire(zone.description.zone),
    labels: labelsOf(zone.description.zone).length,
    zone,
    shortZone: undefined,
  }));
  const root = { apex: Uint8Array.of(0), labels: 0, zone: undefined, shortZone: zones[0] };
  return { cuts: [...cuts, root], isDatagram, udpLimit: UDP_LIMIT, rotation: new Rotation(1) };
}

function description(
  zone: string,
  kind: 'forward' | 'reverse',
  table: SharedArrayBuffer | undefined,
): ServedZone['description'] {
  if (table === undefined) throw new Error(`${zone} has no table`);
  return {
    zone,
    kind,
    table,
    ttlSeconds: 30,
    fallthrough: false,
    short: kind === 'forward',
    searchOutside: false,
  };
}

function directive(
  name: string,
  args: readonly string[],
  body: readonly Directive[] = [],
): Directive {
  return { name, args, body, hasBody: body.length > 0, place: { file: 'Corefile', line: 1 } };
}

/** Everything is in the store already, and changes come by hand. */
function sourceOf(snapshot: WatchSource['snapshot']): WatchSource {
  return {
    snapshot,
    kinds: ['Service', 'EndpointSlice', 'Namespace'],
    states: () => [],
    synced: () => true,
    onBatch: () => {},
    onSynced: () => {},
    start: () => {},
    close: async () => {},
  };
}

function once(name: string, ms: number): Measured {
  return { name, nanoseconds: ms * 1e6, octets: Number.NaN, collected: false };
}

function print(rows: readonly Measured[]): void {
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(`${'step'.padEnd(width)}  ${'time'.padStart(10)}  ${'heap octets'.padStart(12)}`);
  for (const { name, nanoseconds, octets, collected } of rows) {
    const heap = Number.isNaN(octets) ? '' : `${collected ? '≥ ' : ''}${octets.toFixed(1)}`;
    console.log(
      `${name.padEnd(width)}  ${duration(nanoseconds).padStart(10)}  ${heap.padStart(12)}`,
    );
  }
}

function duration(nanoseconds: number): string {
  if (nanoseconds < 10_000) return `${nanoseconds.toFixed(0)} ns`;
  if (nanoseconds < 10_000_000) return `${(nanoseconds / 1e3).toFixed(0)} µs`;
  return `${(nanoseconds / 1e6).toFixed(0)} ms`;
}

await main();
