/** A server whose every part is measured, put together by hand as the real one is, and traffic through it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../../src/chain/query.js';
import { planText } from '../../../src/corefile/loader.js';
import type { Plan } from '../../../src/corefile/plan.js';
import { createDataSide, type DataSide } from '../../../src/data-side.js';
import { RRTYPE } from '../../../src/dns/rrtype.js';
import { EmbeddedApi } from '../../../src/embedded/embedded-api.js';
import { createKubeWatch, type KubeWatch } from '../../../src/kube/kube-watch.js';
import { blockZones } from '../../../src/kubernetes-part.js';
import { type Answerer, ASK_CHAIN } from '../../../src/listen/answerer.js';
import { type ListenerSpec, listenerSpecs, serverLabel } from '../../../src/listener-spec.js';
import { silentLogger } from '../../../src/observe/logger.js';
import { ListenerTally } from '../../../src/observe/metrics/listener-tally.js';
import { MetricsRegistry } from '../../../src/observe/metrics/metrics-registry.js';
import { SeriesCollector } from '../../../src/observe/metrics/series-collector.js';
import {
  buildSamples,
  listenerSamples,
  pluginSamples,
  tableSamples,
  watchSamples,
  workerSamples,
} from '../../../src/observe/metrics/server-samples.js';
import { ThreadSeries } from '../../../src/observe/metrics/thread-series.js';
import { countPublished, countResponse } from '../../../src/observe/metrics/watch-tally.js';
import { kubernetesPlugin } from '../../../src/plugins/kubernetes/directive.js';
import { optionsOf } from '../../../src/plugins/options-of.js';
import { PLUGIN_REGISTRY } from '../../../src/plugins/registry.js';
import { ZoneSync } from '../../../src/sync.js';
import { FastAnswerer } from '../../../src/zone/fast-answerer.js';
import { Rotation } from '../../../src/zone/reply.js';
import { openZone } from '../../../src/zone/served-zone.js';
import type { ZoneCut } from '../../../src/zone/zone-cuts.js';
import { type QueryFields, queryBytes } from '../../chain/queries.js';
import { ZoneUpstream } from '../../plugins/zone-upstream.js';

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { clusterIP: '10.0.9.9', clusterIPs: ['10.0.9.9'], ports: [{ port: 80 }] },
};

function slice(address: string, triggeredAt: string): unknown {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      labels: { 'kubernetes.io/service-name': 'web' },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': triggeredAt },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: '', port: 80, protocol: 'TCP' }],
  };
}

/** A measured server with its surroundings. */
export class MeasuredServer {
  readonly registry: MetricsRegistry;
  readonly #collector = new SeriesCollector();
  readonly #series = new ThreadSeries(this.#collector.memoryOf(0));
  readonly #closing: (() => Promise<unknown>)[] = [];
  readonly #api: EmbeddedApi;
  readonly #listener: ListenerSpec;
  readonly #side: DataSide;
  readonly #watch: KubeWatch;
  readonly #sync: ZoneSync;
  readonly #plan: Plan;
  #published: () => void = () => {};

  private constructor(api: EmbeddedApi, plan: Plan, watch: KubeWatch, sync: ZoneSync) {
    this.#api = api;
    this.#plan = plan;
    this.#watch = watch;
    this.#sync = sync;
    const [listener] = listenerSpecs(plan, () => []);
    if (listener === undefined) throw new Error('no listener');
    this.#listener = listener;
    const [block] = plan.blocks;
    const options = block && optionsOf(block, kubernetesPlugin);
    if (block === undefined || options === undefined) throw new Error('no kubernetes');
    this.#side = createDataSide({
      plan,
      registry: PLUGIN_REGISTRY,
      zones: [blockZones({ block, options, source: watch, sync })],
      reader: 0,
      logger: silentLogger,
      now: () => performance.now(),
      wallClock: () => Date.now(),
      random: () => 0.5,
      count: (metric, labels, by) => this.#series.count(metric, labels, by),
      observe: (metric, value, labels) => this.#series.observe(metric, value, labels),
    });
    this.registry = new MetricsRegistry({
      collector: this.#collector,
      sources: [
        () => buildSamples('1.2.3', 'abc'),
        () => pluginSamples(plan),
        () => workerSamples(0, 0),
        () => watchSamples([watch], Date.now()),
        () => tableSamples(this.#tables()),
        () => listenerSamples([{ server: 'dns://:53', transport: 'udp', implementation: 'plain' }]),
      ],
    });
  }

  /** The block stands for all names, or for `zones`. */
  static async start(zones = '.'): Promise<MeasuredServer> {
    const api = new EmbeddedApi();
    await api.start();
    const upstream = await ZoneUpstream.open(
      ['www.example.org. 300 IN A 192.0.2.80', 'broken.example.org. 300 IN A 192.0.2.81'],
      { 'broken.example.org.': { rcode: 2 } },
    );
    const folder = await mkdtemp(join(tmpdir(), 'svcdns-metrics-'));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, api.kubeconfig());
    const corefile = `${zones} {
      errors
      prometheus :9153
      kubernetes cluster.local 10.in-addr.arpa {
        kubeconfig ${kubeconfig}
      }
      forward . ${upstream.address} {
        prefer_udp
      }
      cache 30
    }`;
    const { plan, faults } = planText(corefile, 'Corefile', {
      env: {},
      registry: PLUGIN_REGISTRY,
      cwd: folder,
    });
    if (plan === undefined) throw new Error(faults.map(({ line }) => line).join('\n'));
    api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    api.apply(SERVICE);
    api.apply(slice('10.244.0.1', '2026-01-02T03:04:05Z'));
    const server = await MeasuredServer.#withPlan(api, plan);
    server.#closing.push(
      () => upstream.close(),
      () => api.close(),
      () => rm(folder, { recursive: true }),
    );
    return server;
  }

  static async #withPlan(api: EmbeddedApi, plan: Plan): Promise<MeasuredServer> {
    const [block] = plan.blocks;
    const kubernetes = block && optionsOf(block, kubernetesPlugin);
    if (kubernetes === undefined) throw new Error('no kubernetes');
    const early: { server?: MeasuredServer } = {};
    const watch = await createKubeWatch({
      wishes: [kubernetes],
      env: {},
      logger: silentLogger,
      onResponse: (response) => {
        if (early.server !== undefined) countResponse(early.server.#series, response);
      },
    });
    const sync = new ZoneSync({
      kubernetes,
      source: watch,
      ownAddresses: [],
      isTopLevelDomain: () => false,
      wallClock: () => Date.now(),
      onPublished: (batch) => {
        if (early.server === undefined) return;
        countPublished(early.server.#series, batch, watch.snapshot, Date.now());
        early.server.#published();
      },
    });
    const server = new MeasuredServer(api, plan, watch, sync);
    early.server = server;
    watch.onBatch((batch) => sync.apply(batch));
    await new Promise<void>((resolve) => {
      watch.onSynced(resolve);
      watch.start();
    });
    await sync.publishAll();
    return server;
  }

  /** Changes an endpoint and waits until that is answered. */
  async changeEndpoint(address: string): Promise<void> {
    const published = new Promise<void>((resolve) => {
      this.#published = () => {
        if (this.#watch.snapshot.slicesByAddress(address).length > 0) resolve();
      };
    });
    this.#api.apply(slice(address, new Date(Date.now() - 40).toISOString()));
    await published;
  }

  /** Asks over a transport as a listener would. */
  async ask(fields: QueryFields, transport: Client['transport'] = 'udp'): Promise<Uint8Array> {
    return this.askBytes(queryBytes({ recursionDesired: true, ...fields }), transport);
  }

  async askBytes(query: Uint8Array, transport: Client['transport'] = 'udp'): Promise<Uint8Array> {
    const answerer = this.#answerers.get(transport) ?? this.#answererFor(transport);
    this.#answerers.set(transport, answerer);
    const out = new Uint8Array(65_535);
    const length = answerer.answer(query, 0, query.length, out, 0, 4096);
    if (length !== ASK_CHAIN) return out.slice(0, length);
    const client = { address: '192.0.2.1', port: 5300, transport, server: 'dns://:53' };
    return (await answerer.resolve(query, client)) ?? new Uint8Array(0);
  }

  /** Traffic of every kind that dashboards show. */
  async traffic(): Promise<void> {
    const inCluster = 'web.shop.svc.cluster.local.';
    for (const transport of ['udp', 'tcp'] as const) {
      await this.ask({ qname: inCluster }, transport);
      await this.ask({ qname: inCluster, qtype: RRTYPE.AAAA }, transport);
      await this.ask({ qname: 'none.shop.svc.cluster.local.' }, transport);
      await this.ask({ qname: inCluster, edns: { dnssecOk: true } }, transport);
      await this.ask({ qname: 'www.example.org.' }, transport);
      await this.ask({ qname: 'www.example.org.' }, transport);
      await this.ask({ qname: 'none.example.org.' }, transport);
      await this.ask({ qname: 'none.example.org.' }, transport);
      await this.ask({ qname: 'broken.example.org.' }, transport);
    }
    await this.changeEndpoint('10.244.0.2');
  }

  /** As the forward directive counts it. */
  countHealthCheckFailure(to: string): void {
    const labels = { proxy_name: 'forward', to };
    this.#series.count('coredns_proxy_healthcheck_failures_total', labels);
  }

  async close(): Promise<void> {
    await this.#side.close();
    await this.#watch.close();
    for (const close of this.#closing) await close();
  }

  readonly #answerers = new Map<string, Answerer>();

  /** As the data side makes an answerer, with a tally on both ways. */
  #answererFor(transport: Client['transport']): Answerer {
    const tally = new ListenerTally({
      series: this.#series,
      server: serverLabel(this.#listener),
      transport,
      address: this.#listener.address,
      zones: this.#plan.blocks.flatMap(({ addresses }) => addresses.map(({ zone }) => zone)),
      now: () => performance.now(),
    });
    const fast = new FastAnswerer({
      cuts: this.#cuts(),
      isDatagram: transport === 'udp',
      udpLimit: 1232,
      rotation: new Rotation(1),
      tally,
    });
    const slow = this.#side.answererFor(this.#listener, transport);
    return {
      answer: (...query) => fast.answer(...query),
      resolve: (query, client) => tally.chain(query, client, () => slow.resolve(query, client)),
    };
  }

  #cuts(): ZoneCut[] {
    const [block] = this.#plan.blocks;
    const options = block && optionsOf(block, kubernetesPlugin);
    if (block === undefined || options === undefined) throw new Error('no kubernetes');
    const { zones } = blockZones({ block, options, source: this.#watch, sync: this.#sync });
    const cuts = zones.map((description) => {
      const zone = openZone(description, 1);
      return {
        apex: zone.apex,
        labels: zone.apexLabels,
        zone,
        shortZone: undefined,
        cache: undefined,
      };
    });
    return cuts.sort((a, b) => b.labels - a.labels);
  }

  #tables(): { zone: string; writer: ReturnType<ZoneSync['writers']>[number] }[] {
    const zones = ['cluster.local.', 'reverse'];
    return this.#sync.writers().map((writer, i) => ({ zone: zones[i] ?? 'clients', writer }));
  }
}
