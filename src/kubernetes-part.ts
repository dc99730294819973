/** A kubernetes directive on the control side: its watch, its tables, and what they mean for readiness. */
import { networkInterfaces } from 'node:os';
import type { Plan, PlannedBlock } from './corefile/plan.js';
import type { BlockZones } from './data-side.js';
import { isInZone } from './dns/name.js';
import { topLevelDomains } from './dns/top-level-domain.js';
import { createKubeWatch, watchKey } from './kube/kube-watch.js';
import type { WatchSource } from './kube/watch-source.js';
import type { Logger } from './observe/logger.js';
import { kubernetesPlugin } from './plugins/kubernetes/directive.js';
import type { KubernetesOptions } from './plugins/kubernetes/options.js';
import { optionsOf } from './plugins/options-of.js';
import { ZoneSync } from './sync.js';
import type { ZoneDescription } from './zone/served-zone.js';

/** One directive with what follows the API for it; several may share a source. */
export interface KubernetesPart {
  readonly block: PlannedBlock;
  readonly options: KubernetesOptions;
  readonly source: WatchSource;
  readonly sync: ZoneSync;
}

/** What the parts of a plan are made with. */
export interface KubernetesPartsOptions {
  readonly plan: Plan;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
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
  const groups = new Map<string, { block: PlannedBlock; options: KubernetesOptions }[]>();
  const parts: KubernetesPart[] = [];
  const free = [...(options.known ?? [])];
  for (const block of options.plan.blocks) {
    const wish = optionsOf(block, kubernetesPlugin);
    if (wish === undefined) continue;
    const same = free.findIndex((part) => isSameWish(part.options, wish));
    const [kept] = same < 0 ? [] : free.splice(same, 1);
    if (kept !== undefined) {
      parts.push({ ...kept, block, options: wish });
      continue;
    }
    const key = watchKey(wish);
    groups.set(key, [...(groups.get(key) ?? []), { block, options: wish }]);
  }
  const isTopLevelDomain = groups.size > 0 ? topLevelDomains() : () => false;
  for (const group of groups.values()) {
    const source = await createKubeWatch({
      wishes: group.map((member) => member.options),
      env: options.env,
      logger: options.logger.child({ room: 'kube' }),
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
      }),
    }));
    source.onBatch((batch) => {
      for (const { sync } of made) sync.apply(batch);
    });
    parts.push(...made);
  }
  return parts;
}

/** Whether two directives make the same names from the same objects, wherever they stand in the file. */
function isSameWish(a: KubernetesOptions, b: KubernetesOptions): boolean {
  const text = ({ place: _, ...rest }: KubernetesOptions): string => JSON.stringify(rest);
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
      for (const part of parts) if (part.source === source) await part.sync.publishAll();
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
export function blockZones({ block, options, sync }: KubernetesPart): BlockZones {
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
  return { block: block.index, zones, ...(clients === undefined ? {} : { clients }) };
}

/** Addresses of this machine that others may reach it by: what NS records are found with. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
}
