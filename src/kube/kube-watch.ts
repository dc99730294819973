/** The watch source: reflectors for the kinds that are asked for, over one client into one store. */
import type { Logger } from '../observe/logger.js';
import type { KubernetesOptions } from '../plugins/kubernetes/options.js';
import { resolveAccess } from './access.js';
import type { ApiAccess } from './api-access.js';
import { ApiClient, type ApiResponseReport } from './api-client.js';
import type { ApiFailure } from './api-failure.js';
import { ChangeBatcher } from './change-batcher.js';
import { Interner } from './interner.js';
import { interruptibleWait, type KubeClock, systemKubeClock } from './kube-clock.js';
import { KUBE_RESOURCES } from './kube-resource.js';
import type { KubeKind } from './objects.js';
import { Reflector } from './reflector.js';
import type { KubeSnapshot } from './snapshot.js';
import { ObjectStore } from './store.js';
import type { WatchCounts } from './watch-counts.js';
import type { ChangeBatch, WatchSource, WatchState } from './watch-source.js';
import { DEFAULT_TIMING, type WatchTiming } from './watch-timing.js';

/** What a kubernetes directive wants watched. */
export type WatchWish = Pick<
  KubernetesOptions,
  'access' | 'labels' | 'namespaceLabels' | 'noEndpoints' | 'pods'
> & {
  /** Whether Nodes are wanted (`nodeports` of k8s_external). */
  readonly nodes?: boolean;
};

export interface KubeWatchOptions {
  readonly access: ApiAccess;
  readonly kinds: readonly KubeKind[];
  /** Label selector of Services, EndpointSlices and Pods; empty: none. */
  readonly labels: string;
  /** Label selector of Namespaces; empty: none. */
  readonly namespaceLabels: string;
  readonly logger: Logger;
  readonly clock: KubeClock;
  readonly timing: WatchTiming;
  readonly userAgent: string;
  readonly onResponse?: (response: ApiResponseReport) => void;
}

export interface CreateKubeWatch {
  /** Directives of the same {@link watchKey}; at least one. */
  readonly wishes: readonly WatchWish[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly clock?: KubeClock;
  readonly timing?: Partial<WatchTiming>;
  readonly userAgent?: string;
  /** Folder of the mounted service account, another one only in tests. */
  readonly serviceAccountDirectory?: string;
  readonly onResponse?: (response: ApiResponseReport) => void;
}

/** Directives with the same key can share one watch. */
export function watchKey(wish: WatchWish): string {
  return JSON.stringify([wish.access, wish.labels, wish.namespaceLabels]);
}

/**
 * A watch for one or several directives, not started yet.
 * @throws SvcdnsError KUBECONFIG_INVALID or KUBE_CREDENTIALS when the access can't be made out. What the
 * API itself does wrong later is a state of the watch, never an error.
 */
export async function createKubeWatch(create: CreateKubeWatch): Promise<KubeWatch> {
  const [first] = create.wishes;
  if (first === undefined) throw new Error('a watch needs at least one directive');
  const clock = create.clock ?? systemKubeClock();
  const { env, serviceAccountDirectory } = create;
  const access = await resolveAccess(first.access, {
    env,
    clock,
    ...(serviceAccountDirectory === undefined ? {} : { serviceAccountDirectory }),
  });
  return new KubeWatch({
    access,
    kinds: kindsOf(create.wishes),
    labels: first.labels,
    namespaceLabels: first.namespaceLabels,
    logger: create.logger,
    clock,
    timing: { ...DEFAULT_TIMING, ...create.timing },
    userAgent: create.userAgent ?? 'svcdns',
    ...(create.onResponse === undefined ? {} : { onResponse: create.onResponse }),
  });
}

function kindsOf(wishes: readonly WatchWish[]): readonly KubeKind[] {
  const kinds: KubeKind[] = ['Namespace', 'Service'];
  if (wishes.some((wish) => !wish.noEndpoints)) kinds.push('EndpointSlice');
  if (wishes.some((wish) => wish.pods === 'verified')) kinds.push('Pod');
  if (wishes.some((wish) => wish.nodes === true)) kinds.push('Node');
  return kinds;
}

/** Nodes carry the labels of machines, not those of applications. */
function selectorOf(
  kind: KubeKind,
  { labels, namespaceLabels }: Pick<KubeWatchOptions, 'labels' | 'namespaceLabels'>,
): string {
  if (kind === 'Node') return '';
  return kind === 'Namespace' ? namespaceLabels : labels;
}

export class KubeWatch implements WatchSource {
  readonly snapshot: KubeSnapshot;
  readonly kinds: readonly KubeKind[];
  readonly #options: KubeWatchOptions;
  readonly #client: ApiClient;
  readonly #reflectors: readonly Reflector[];
  readonly #batcher: ChangeBatcher;
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;
  #onBatch: (batch: ChangeBatch) => void = () => {};
  #onSynced: () => void = () => {};

  constructor(options: KubeWatchOptions) {
    const { access, clock, userAgent, onResponse } = options;
    const store = new ObjectStore();
    this.#options = options;
    this.kinds = options.kinds;
    this.snapshot = store;
    this.#client = new ApiClient({
      access,
      clock,
      userAgent,
      ...(onResponse === undefined ? {} : { onResponse }),
    });
    this.#batcher = new ChangeBatcher(clock, (batch) => this.#onBatch(batch));
    const interner = new Interner();
    this.#reflectors = options.kinds.map((kind) => this.#reflector(kind, store, interner));
  }

  /** Where the credentials come from and which server they are for, for the log and the status page. */
  get origin(): string {
    return `${this.#options.access.origin} (${this.#options.access.server})`;
  }

  states(): readonly WatchState[] {
    return this.#reflectors.map((reflector) => reflector.state());
  }

  /** Counters by kind; the objects are live. */
  counts(): ReadonlyMap<KubeKind, WatchCounts> {
    return new Map(this.kinds.map((kind, i) => [kind, this.#at(i).counts]));
  }

  /** Current failures by kind, with their codes; kinds that work are not in it. */
  failures(): ReadonlyMap<KubeKind, ApiFailure> {
    const out = new Map<KubeKind, ApiFailure>();
    for (const [i, kind] of this.kinds.entries()) {
      const failure = this.#at(i).failure;
      if (failure !== undefined) out.set(kind, failure);
    }
    return out;
  }

  synced(): boolean {
    return this.#reflectors.every((reflector) => reflector.synced);
  }

  onBatch(listener: (batch: ChangeBatch) => void): void {
    this.#onBatch = listener;
  }

  onSynced(listener: () => void): void {
    this.#onSynced = listener;
  }

  start(): void {
    const { signal } = this.#stop;
    if (this.#running !== undefined || signal.aborted) return;
    this.#options.logger.info({ kinds: this.kinds, access: this.origin }, 'following the API');
    this.#running = Promise.all([
      ...this.#reflectors.map((reflector) => reflector.run(signal)),
      this.#compareNowAndThen(signal),
    ]);
  }

  /** Hangs up and waits until nothing runs any more; the snapshot stays readable. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#batcher.close();
    this.#client.close();
  }

  #reflector(kind: KubeKind, store: ObjectStore, interner: Interner): Reflector {
    const { clock, timing, logger } = this.#options;
    return new Reflector({
      resource: KUBE_RESOURCES[kind],
      labelSelector: selectorOf(kind, this.#options),
      client: this.#client,
      store,
      interner,
      clock,
      timing,
      logger: logger.child({ kind }),
      onChange: (change, receivedAt) => this.#batcher.add(change, receivedAt),
      onSynced: () => this.#kindSynced(),
      onRecovered: () => {
        for (const reflector of this.#reflectors) reflector.wake();
      },
    });
  }

  #kindSynced(): void {
    if (!this.synced()) return;
    this.#batcher.flush();
    this.#onSynced();
  }

  /** The comparison with lists, kind after kind, at times that differ between replicas. */
  async #compareNowAndThen(signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#options;
    if (timing.compareMs <= 0) return;
    while (!signal.aborted) {
      const delayMs = timing.compareMs * (1 + clock.random() / 5);
      await interruptibleWait(clock, delayMs, signal).done;
      for (const reflector of this.#reflectors) {
        if (!signal.aborted) await reflector.compare(signal);
      }
    }
  }

  #at(index: number): Reflector {
    const reflector = this.#reflectors[index];
    if (reflector === undefined) throw new Error('kinds and reflectors are of one length');
    return reflector;
  }
}
