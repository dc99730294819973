/** A kubernetes directive on the control side: its watch, its tables, and what they mean for readiness. */
import { networkInterfaces } from 'node:os';
import { directiveFault } from './corefile/faults.js';
import type { Plan, PlannedBlock } from './corefile/plan.js';
import type { BlockZones } from './data-side.js';
import { isInZone } from './dns/name.js';
import { topLevelDomains } from './dns/top-level-domain.js';
import { ExternalSync } from './external-sync.js';
import { createKubeWatch, type KubeWatch, watchKey } from './kube/kube-watch.js';
import type { Logger } from './observe/logger.js';
import type { MeasuredTable } from './observe/metrics/server-samples.js';
import type { ThreadSeries } from './observe/metrics/thread-series.js';
import { countPublished, countResponse } from './observe/metrics/watch-tally.js';
import { k8sExternalPlugin } from './plugins/k8s_external/directive.js';
import type { K8sExternalOptions } from './plugins/k8s_external/options.js';
import { kubernetesPlugin } from './plugins/kubernetes/directive.js';
import type { KubernetesOptions } from './plugins/kubernetes/options.js';
import { optionsOf } from './plugins/options-of.js';
import { ZoneSync } from './sync.js';
import type { ZoneDescription } from './zone/served-zone.js';

/** One directive with what follows the API for it; several may share a source. */
export interface KubernetesPart {
  readonly block: PlannedBlock;
  readonly options: KubernetesOptions;
  /** The k8s_external directive of the same block. */
  readonly external?: K8sExternalOptions | undefined;
  readonly source: KubeWatch;
  readonly sync: ZoneSync;
  readonly externalSync?: ExternalSync | undefined;
}

/** What a block asks for. */
type Wish = Pick<KubernetesPart, 'block' | 'options' | 'external'>;

/** What the parts of a plan are made with. */
export interface KubernetesPartsOptions {
  readonly plan: Plan;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Where requests and published changes are counted. */
  readonly series: ThreadSeries;
  /** Parts of the plan before: those that want the same are taken over as they run. */
  readonly known?: readonly KubernetesPart[];
  wallClock(): number;
}

/**
 * One watch for all directives that want the same of the same API, one set of tables each. Nothing is
 * started yet.
 * @throws SvcdnsError KUBECONFIG_INVALID or KUBE_CREDENTIALS
 */
export async function kubernetesParts(options: KubernetesPartsOptions): Promise<KubernetesPart[]> {
  const groups = new Map<string, Wish[]>();
  const parts: KubernetesPart[] = [];
  const free = [...(options.known ?? [])];
  for (const block of options.plan.blocks) {
    const wish = wishOf(block);
    if (wish === undefined) continue;
    const same = free.findIndex((part) => isSameWish(part, wish));
    const [kept] = same < 0 ? [] : free.splice(same, 1);
    if (kept !== undefined) {
      parts.push({ ...kept, ...wish });
      continue;
    }
    const key = watchKey(wish.options);
    groups.set(key, [...(groups.get(key) ?? []), wish]);
  }
  const isTopLevelDomain = groups.size > 0 ? topLevelDomains() : () => false;
  for (const group of groups.values()) {
    const source = await createKubeWatch({
      wishes: group.map(({ options: wish, external }) => ({
        ...wish,
        nodes: external?.nodeports === true,
      })),
      env: options.env,
      logger: options.logger.child({ room: 'kube' }),
      onResponse: (response) => countResponse(options.series, response),
    });
    const made = group.map((member) => ({
      ...member,
      source,
      sync: new ZoneSync({
        kubernetes: member.options,
        source,
        ownAddresses: ownAddresses(),
        isTopLevelDomain,
        wallClock: options.wallClock,
        onPublished: (batch) =>
          countPublished(options.series, batch, source.snapshot, options.wallClock()),
      }),
      externalSync:
        member.external &&
        new ExternalSync({
          external: member.external,
          kubernetes: member.options,
          source,
          ownAddresses: ownAddresses(),
          wallClock: options.wallClock,
        }),
    }));
    source.onBatch((batch) => {
      for (const { sync, externalSync } of made) {
        sync.apply(batch);
        externalSync?.apply(batch);
      }
    });
    parts.push(...made);
  }
  return parts;
}

/** The directives of a block that follow the API. @throws SvcdnsError for k8s_external alone */
function wishOf(block: PlannedBlock): Wish | undefined {
  const options = optionsOf(block, kubernetesPlugin);
  const external = optionsOf(block, k8sExternalPlugin);
  if (options !== undefined) return { block, options, external };
  if (external === undefined) return undefined;
  throw directiveFault(
    'k8s_external needs a kubernetes directive in its block',
    external.place,
    'add one, as kubernetes cluster.local',
  );
}

/** Whether two blocks make the same names from the same objects, wherever they stand in the file. */
function isSameWish(a: Omit<Wish, 'block'>, b: Omit<Wish, 'block'>): boolean {
  const text = ({ options, external }: Omit<Wish, 'block'>): string =>
    JSON.stringify([options, external], (key, value: unknown) =>
      key === 'place' ? undefined : value,
    );
  return text(a) === text(b);
}

/** Closes the watches of parts that no other list of parts uses. */
export async function closeUnused(
  parts: readonly KubernetesPart[],
  used: readonly KubernetesPart[],
): Promise<void> {
  const kept = new Set(used.map(({ source }) => source));
  const sources = new Set(parts.map(({ source }) => source));
  await Promise.all([...sources].filter((source) => !kept.has(source)).map((s) => s.close()));
}

/** Starts all watches; resolves when every directive's names are published. */
export async function startParts(parts: readonly KubernetesPart[]): Promise<void> {
  const sources = new Set(parts.map(({ source }) => source));
  await Promise.all(
    [...sources].map(async (source) => {
      await new Promise<void>((resolve) => {
        source.onSynced(resolve);
        source.start();
      });
      for (const part of parts) {
        if (part.source !== source) continue;
        await part.sync.publishAll();
        await part.externalSync?.publishAll();
      }
    }),
  );
}

/** What of a directive is missing for readiness, one line each. */
export function missingOf({ source }: KubernetesPart): string[] {
  return source
    .states()
    .filter(({ synced }) => !synced)
    .map(
      ({ kind, problem }) => `kubernetes: ${kind} ${problem === '' ? 'not listed yet' : problem}`,
    );
}

/** What the data side is told of a directive's zones. */
export function blockZones({ block, options, sync, externalSync }: KubernetesPart): BlockZones {
  const zones = options.zones.map((zone): ZoneDescription => {
    const forward = sync.forwardTable(zone);
    return {
      zone,
      kind: forward === undefined ? 'reverse' : 'forward',
      table: forward ?? sync.reverseTable,
      ttlSeconds: options.ttlSeconds,
      fallthrough: options.fallthrough.some((suffix) => isInZone(zone, suffix)),
      short: options.searchPath !== 'off' && zone === options.forwardZones[0],
      searchOutside: options.searchPath === 'outside' && forward !== undefined,
    };
  });
  const clients = sync.clientTable;
  return {
    block: block.index,
    zones,
    external: externalSync?.zones() ?? [],
    ...(clients === undefined ? {} : { clients }),
  };
}

/** Addresses of this machine that others may reach it by: what NS records are found with. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
}

/** A directive's tables with their names for the metrics. */
export function measuredTables({ options, sync }: KubernetesPart): MeasuredTable[] {
  const names = [...options.forwardZones];
  if (sync.clientTable !== undefined) names.push('clients');
  names.push('reverse');
  return sync.writers().map((writer, i) => ({ zone: names[i] ?? '', writer }));
}
