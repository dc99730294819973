/**
 * The data side of the server: everything that answers, made from the plan and the tables.
 *
 * The same on the main thread and in a data worker; knows neither the API nor HTTP.
 */
import { blockSelection } from './chain/block-selection.js';
import { type Chain, createChain } from './chain/chain.js';
import type { Handler } from './chain/handler.js';
import type { Client } from './chain/query.js';
import type { Plan, PlannedBlock } from './corefile/plan.js';
import { isInZone, labelsOf, nameToWire } from './dns/name.js';
import { RRCLASS } from './dns/rrclass.js';
import { RRTYPE } from './dns/rrtype.js';
import { topLevelDomains } from './dns/top-level-domain.js';
import type { Answerer } from './listen/answerer.js';
import { type ListenerSpec, serverLabel, specKey } from './listener-spec.js';
import type { Logger } from './observe/logger.js';
import { ListenerTally } from './observe/metrics/listener-tally.js';
import type { ThreadSeries } from './observe/metrics/thread-series.js';
import { bufsizePlugin } from './plugins/bufsize/directive.js';
import { FastCache } from './plugins/cache/fast-cache.js';
import { CacheHandler } from './plugins/cache/handler.js';
import { forwardPlugin } from './plugins/forward/directive.js';
import { HostsHandler } from './plugins/hosts/handler.js';
import type { HostsNames } from './plugins/hosts/hosts-names.js';
import { k8sExternalPlugin } from './plugins/k8s_external/directive.js';
import { k8sExternalHandler } from './plugins/k8s_external/handler.js';
import { kubernetesPlugin } from './plugins/kubernetes/directive.js';
import { cacheWay, fastWay } from './plugins/kubernetes/fast-way.js';
import { kubernetesHandler } from './plugins/kubernetes/handler.js';
import { loadbalancePlugin } from './plugins/loadbalance/directive.js';
import { optionsOf } from './plugins/options-of.js';
import type { ClusterView, DataEnvironment, Plugin } from './plugins/plugin.js';
import { DEFAULT_UDP_LIMIT } from './wire/header.js';
import { ClientNamespaces } from './zone/client-namespaces.js';
import { FastAnswerer } from './zone/fast-answerer.js';
import { Rotation } from './zone/reply.js';
import { openZone, type ServedZone, type ZoneDescription } from './zone/served-zone.js';
import { hasEntry } from './zone/table-reader.js';
import type { CutCache, ZoneCut } from './zone/zone-cuts.js';

/** What the control side made for one block's kubernetes directive. */
export interface BlockZones {
  /** Index of the block in the plan. */
  readonly block: number;
  readonly zones: readonly ZoneDescription[];
  /** Zones of the block's k8s_external directive. */
  readonly external?: readonly ZoneDescription[];
  /** Namespaces by pod address, with `pods verified`. */
  readonly clients?: SharedArrayBuffer;
}

/** What a data side is made of. */
export interface DataSideOptions {
  readonly plan: Plan;
  readonly registry: ReadonlyMap<string, Plugin<unknown>>;
  readonly zones: readonly BlockZones[];
  /** This thread's reader number in every table, 0..111. */
  readonly reader: number;
  readonly logger: Logger;
  /** `$POD_NAMESPACE` of a sidecar: the namespace of loopback clients. */
  readonly podNamespace?: string;
  now(): number;
  wallClock(): number;
  random(): number;
  count: DataEnvironment['count'];
  observe: DataEnvironment['observe'];
  /** Where this thread counts what its listeners answer; nothing is counted without. */
  readonly series?: ThreadSeries;
}

/** Answers for every listener of a plan, with what they hold. */
export interface DataSide {
  /** The answers of one socket over one transport. */
  answererFor(listener: ListenerSpec, transport: Client['transport']): Answerer;
  /** Gives back what the handlers hold. */
  close(): Promise<void>;
}

/** Builds the handlers of every block, once, and joins them up per port. */
export function createDataSide(options: DataSideOptions): DataSide {
  const rotation = new Rotation(Math.floor(options.random() * 0x7fffffff) + 1);
  const opened = new Map<number, ServedZone[]>();
  for (const { block, zones } of options.zones) {
    opened.set(
      block,
      zones.map((zone) => openZone(zone, options.reader)),
    );
  }
  const handlers = new Map<PlannedBlock, readonly Handler[]>();
  const chains = new Map<string, Chain>();

  const chainOf = (listener: ListenerSpec): Chain => {
    const key = specKey(listener);
    const known = chains.get(key);
    if (known !== undefined) return known;
    const chain = createChain({
      blocks: blocksOn(options.plan, listener),
      listener,
      logger: options.logger,
      handlersOf: (block) => handlersOf(block, () => chainOf(listener)),
      udpLimitOf: udpLimit,
    });
    chains.set(key, chain);
    return chain;
  };

  const handlersOf = (block: PlannedBlock, chain: () => Chain): readonly Handler[] => {
    const known = handlers.get(block);
    if (known !== undefined) return known;
    const built = buildHandlers(block, chain, rotation, options);
    handlers.set(block, built);
    return built;
  };

  return {
    answererFor(listener, transport) {
      const chain = chainOf(listener);
      const tally = tallyOf(listener, transport, options);
      const cutsNow = (): ZoneCut[] =>
        zoneCuts(listener, options.plan, opened, (block) => ({
          cache: fastCache(
            block,
            handlersOf(block, () => chain),
            serverLabel(listener),
          ),
          hosts: hostsOf(handlersOf(block, () => chain)),
        }));
      const fast = new FastAnswerer({
        cuts: cutsNow(),
        isDatagram: transport === 'udp',
        udpLimit: smallestUdpLimit(options.plan, listener),
        rotation,
        ...(tally === undefined ? {} : { tally }),
      });
      for (const block of blocksOn(options.plan, listener)) {
        hostsOf(handlersOf(block, () => chain))?.onChange(() => fast.setCuts(cutsNow()));
      }
      return {
        answer: (query, start, length, out, outStart, capacity) =>
          fast.answer(query, start, length, out, outStart, capacity),
        resolve: (query, client, sink) =>
          tally === undefined
            ? chain.resolve(query, client, undefined, sink)
            : tally.chain(query, client, () => chain.resolve(query, client, undefined, sink)),
      };
    },
    async close() {
      const open = [...handlers.values()].flat();
      await Promise.all(open.map((handler) => handler.close?.()));
    },
  };
}

/** Counts for one listener, where this thread counts at all. */
function tallyOf(
  listener: ListenerSpec,
  transport: Client['transport'],
  { plan, series, now }: DataSideOptions,
): ListenerTally | undefined {
  if (series === undefined) return undefined;
  return new ListenerTally({
    series,
    server: serverLabel(listener),
    transport,
    address: listener.address,
    zones: blocksOn(plan, listener).flatMap(({ addresses }) => addresses.map(({ zone }) => zone)),
    now,
  });
}

function buildHandlers(
  block: PlannedBlock,
  chain: () => Chain,
  rotation: Rotation,
  options: DataSideOptions,
): Handler[] {
  const environment: DataEnvironment = {
    logger: options.logger.child({ block: block.place.line }),
    addresses: block.addresses,
    now: options.now,
    wallClock: options.wallClock,
    random: options.random,
    resolve: (query) => chain().ask(query),
    ownsName: ownNames(block, options),
    ...clusterView(block, options),
    count: options.count,
    observe: options.observe,
  };
  const built: Handler[] = [];
  for (const directive of block.directives) {
    const handler =
      directive.name === kubernetesPlugin.name
        ? buildKubernetes(block, environment, rotation, options)
        : directive.name === k8sExternalPlugin.name
          ? buildExternal(block, environment, rotation, options)
          : options.registry.get(directive.name)?.handler?.(directive.options, environment);
    if (handler !== undefined) built.push(handler);
  }
  return built;
}

function buildKubernetes(
  block: PlannedBlock,
  environment: DataEnvironment,
  rotation: Rotation,
  options: DataSideOptions,
): Handler | undefined {
  const kubernetes = optionsOf(block, kubernetesPlugin);
  const served = options.zones.find((zones) => zones.block === block.index);
  if (kubernetes === undefined || served === undefined) return undefined;
  const stubs = stubZones(options.plan, block);
  const isDelegated = kubernetes.searchPath === 'outside' ? topLevelDomains() : () => false;
  const clients = new ClientNamespaces(served.clients, options.reader, options.podNamespace);
  return kubernetesHandler(kubernetes, {
    environment,
    zones: served.zones,
    reader: options.reader,
    rotation,
    stubZones: stubs,
    isOutsideName: (name) =>
      isDelegated(labelsOf(name).at(-1) ?? '') || stubs.some((zone) => isInZone(name, zone)),
    namespaceOf: (address) => clients.namespaceOf(address),
  });
}

function buildExternal(
  block: PlannedBlock,
  environment: DataEnvironment,
  rotation: Rotation,
  { zones, reader }: DataSideOptions,
): Handler | undefined {
  const external = optionsOf(block, k8sExternalPlugin);
  const served = zones.find((each) => each.block === block.index);
  if (external === undefined || served === undefined) return undefined;
  return k8sExternalHandler(external, {
    environment,
    zones: served.external ?? [],
    reader,
    rotation,
  });
}

/**
 * Names that a block's kubernetes directive serves: all of its forward zones, and the reverse names that it
 * has right now; the others may fall through.
 */
function ownNames(block: PlannedBlock, options: DataSideOptions): (key: string) => boolean {
  const served = options.zones.find((zones) => zones.block === block.index)?.zones ?? [];
  const forward = served.filter(({ kind }) => kind === 'forward').map(({ zone }) => zone);
  const [reverse] = served.filter(({ kind }) => kind === 'reverse');
  const opened = reverse && openZone(reverse, options.reader);
  return (key) => {
    if (forward.some((zone) => isInZone(key, zone))) return true;
    if (opened === undefined || !key.endsWith('.arpa.')) return false;
    return hasEntry(opened.reader, key.slice(0, -'.arpa.'.length));
  };
}

/** What directives in front of kubernetes may see of it; nothing in a block without one. */
function clusterView(
  block: PlannedBlock,
  options: DataSideOptions,
): { readonly cluster?: ClusterView } {
  const served = options.zones.find((zones) => zones.block === block.index);
  if (served === undefined) return {};
  const { zones, clients: table } = served;
  const ordered = [
    ...zones.filter(({ kind }) => kind === 'forward'),
    ...zones.filter(({ kind }) => kind === 'reverse'),
  ];
  const clients = new ClientNamespaces(table, options.reader, options.podNamespace);
  const cluster: ClusterView = {
    zones: ordered.map((zone) => openZone(zone, options.reader)),
    namespaceOf: (address) => clients.namespaceOf(address),
    // the main thread is number 0 and answers alone; workers begin at 1
    leads: options.reader <= 1,
  };
  return { cluster };
}

/** Zones that other blocks or this block's forward directives own, the root excepted. */
function stubZones(plan: Plan, own: PlannedBlock): string[] {
  const zones = new Set<string>();
  for (const block of plan.blocks) {
    if (block !== own) for (const { zone } of block.addresses) zones.add(zone);
  }
  for (const { from } of optionsOf(own, forwardPlugin)?.stanzas ?? []) {
    for (const zone of from) zones.add(zone);
  }
  for (const zone of optionsOf(own, k8sExternalPlugin)?.zones ?? []) zones.add(zone);
  zones.delete('.');
  return [...zones];
}

function udpLimit(block: PlannedBlock): number {
  return optionsOf(block, bufsizePlugin)?.sizeBytes ?? DEFAULT_UDP_LIMIT;
}

/** The fast half has one limit a listener: the smallest that any of its blocks asks for. */
function smallestUdpLimit(plan: Plan, listener: ListenerSpec): number {
  return Math.min(...blocksOn(plan, listener).map(udpLimit), 4096);
}

function blocksOn(plan: Plan, listener: ListenerSpec): PlannedBlock[] {
  return plan.blocks.filter(({ index }) => listener.blocks.includes(index));
}

/**
 * The cuts of one port: each block's zones belong to the chain, each kubernetes zone that its own block
 * would be chosen for and that may take the fast way belongs to its table.
 */
function zoneCuts(
  listener: ListenerSpec,
  plan: Plan,
  opened: ReadonlyMap<number, readonly ServedZone[]>,
  partsOf: (block: PlannedBlock) => FastParts,
): ZoneCut[] {
  const blocks = blocksOn(plan, listener);
  const select = blockSelection(blocks, listener);
  const fast = blocks.filter((block) => fastWay(block).possible);
  const short = fast
    .flatMap((block) => opened.get(block.index) ?? [])
    .find(({ description }) => description.short);
  const cuts = new Map<string, ZoneCut>();
  for (const block of blocks) {
    for (const { zone, scheme, port } of block.addresses) {
      if (scheme !== listener.scheme || port !== listener.port) continue;
      const { hosts } = partsOf(block);
      const isShort = zone === '.' && ownsShort(block, blocks);
      const held = isShort && short !== undefined ? heldNames(hosts, '.') : [];
      const shortZone = isShort && held !== undefined ? short : undefined;
      for (const name of held ?? []) cuts.set(name, chainCut(name, undefined, undefined));
      cuts.set(zone, chainCut(zone, shortZone, partsOf(block).cache));
    }
    for (const zone of stubZones(plan, block)) {
      if (!cuts.has(zone)) cuts.set(zone, chainCut(zone, undefined, undefined));
    }
  }
  for (const block of fast) {
    const external = optionsOf(block, k8sExternalPlugin)?.zones ?? [];
    for (const served of opened.get(block.index) ?? []) {
      const { zone } = served.description;
      // k8s_external stands in front of kubernetes: where zones meet, it sees the query first
      if (external.some((owner) => isInZone(zone, owner))) continue;
      if (select({ key: zone, qtype: RRTYPE.A, qclass: RRCLASS.IN }) !== block) continue;
      const held = heldNames(partsOf(block).hosts, zone);
      if (held === undefined) continue;
      for (const name of held) cuts.set(name, chainCut(name, undefined, undefined));
      cuts.set(zone, {
        apex: served.apex,
        labels: served.apexLabels,
        zone: served,
        shortZone: undefined,
        cache: partsOf(block).cache?.forZone(zone),
      });
    }
  }
  return [...cuts.values()].sort((a, b) => b.labels - a.labels);
}

/** Short names under the root block are taken on the fast way only where nothing in it must see them first. */
function ownsShort(root: PlannedBlock, blocks: readonly PlannedBlock[]): boolean {
  const hasKubernetes = root.directives.some(({ name }) => name === 'kubernetes');
  if (hasKubernetes) return fastWay(root).possible;
  return blocks.some((block) => fastWay(block).possible) && !mustSeeAll(root);
}

function mustSeeAll(block: PlannedBlock): boolean {
  const withKubernetes = {
    ...block,
    directives: [...block.directives, { name: 'kubernetes', place: block.place, options: {} }],
  };
  return !fastWay(withKubernetes).possible;
}

function chainCut(
  zone: string,
  shortZone: ServedZone | undefined,
  cache: BlockCache | undefined,
): ZoneCut {
  return {
    apex: nameToWire(zone),
    labels: labelsOf(zone).length,
    zone: undefined,
    shortZone,
    cache: cache?.forZone(zone),
  };
}

/** Parts of a block that the hot path has to do with. */
interface FastParts {
  readonly cache: BlockCache | undefined;
  readonly hosts: HostsNames | undefined;
}

/** More names of a hosts directive than this in a zone have the chain answer the whole zone. */
const MAX_HELD_NAMES = 64;

/** The names of a block's hosts directive right now. */
function hostsOf(handlers: readonly Handler[]): HostsNames | undefined {
  return handlers.find((handler) => handler instanceof HostsHandler)?.names;
}

/**
 * Names in a zone that a hosts directive answers, each of which gets a cut of its own; undefined when it
 * answers all of the zone, or too much of it.
 */
function heldNames(hosts: HostsNames | undefined, zone: string): readonly string[] | undefined {
  if (hosts === undefined) return [];
  if (!hosts.letsPass(zone)) return undefined;
  const owners = hosts.ownersIn(zone);
  if (owners.length > MAX_HELD_NAMES) return undefined;
  // a wildcard may match anything below its parent
  const names = owners.map((owner) => (owner.startsWith('*.') ? owner.slice(2) : owner));
  return names.includes(zone) ? undefined : names;
}

/** A block's cache for the zones that the hot path may answer from it. */
interface BlockCache {
  forZone(zone: string): CutCache | undefined;
}

/**
 * The cache of a block for the hot path: only where nothing in front of it has to see every query, and
 * where the block's own names are taken out by cuts of their own.
 */
function fastCache(
  block: PlannedBlock,
  handlers: readonly Handler[],
  server: string,
): BlockCache | undefined {
  const cache = handlers.find((handler) => handler instanceof CacheHandler);
  if (cache === undefined || !cacheWay(block).possible) return undefined;
  const shuffled = block.directives.some(({ name }) => name === loadbalancePlugin.name);
  const fast = new FastCache({ cache, server, shuffled });
  return { forZone: (zone) => (cache.coversZone(zone) ? fast : undefined) };
}
