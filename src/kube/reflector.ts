/**
 * Keeps one kind of object in the store the same as in the API: list, watch, resume, list again.
 *
 * The rules are client-go's (tools/cache/reflector.go): a streamed list first and a paged one where the
 * server refuses it, a watch with bookmarks from the list's version, resumed from the last version seen,
 * a new list when the server has forgotten that version. Beyond them: a silent stream is given up, and a
 * server that has turned its versions back is noticed. The API being away is never more than a wait.
 */
import type { Logger } from '../observe/logger.js';
import type { ApiClient } from './api-client.js';
import { type ApiFailure, type ApiFailureKind, apiFailure, failureLine } from './api-failure.js';
import { BackOff } from './back-off.js';
import { Breather } from './breather.js';
import type { CutObject } from './cut-object.js';
import type { Interner } from './interner.js';
import { interruptibleWait, type KubeClock } from './kube-clock.js';
import type { KubeResource } from './kube-resource.js';
import { findDifferences } from './list-comparison.js';
import { readList } from './list-stream.js';
import { ObjectIntake } from './object-intake.js';
import type { KubeChange } from './objects.js';
import { compareResourceVersions, isOlder } from './resource-version.js';
import type { ObjectStore } from './store.js';
import { newWatchCounts, type WatchCounts } from './watch-counts.js';
import type { WatchState } from './watch-source.js';
import { type DataEvent, readWatch } from './watch-stream.js';
import type { WatchTiming } from './watch-timing.js';

export interface ReflectorOptions {
  readonly resource: KubeResource;
  /** The API's own syntax; empty: none. */
  readonly labelSelector: string;
  readonly client: ApiClient;
  readonly store: ObjectStore;
  readonly interner: Interner;
  readonly clock: KubeClock;
  readonly timing: WatchTiming;
  readonly logger: Logger;
  readonly onChange: (change: KubeChange, receivedAt: number) => void;
  /** Called once, when the first list is in the store. */
  readonly onSynced: () => void;
  /** The server answers again after it did not. */
  readonly onRecovered: () => void;
}

/** Failures after which the server's versions have to be looked at before a watch is resumed. */
const SERVER_WAS_AWAY: ReadonlySet<ApiFailureKind> = new Set<ApiFailureKind>([
  'network',
  'truncated',
  'idle',
  'server',
]);
/** Failures of a watch that only a new list can mend. */
const NEEDS_LIST: ReadonlySet<ApiFailureKind> = new Set<ApiFailureKind>([
  'gone',
  'regressed',
  'invalid',
]);
/** Failures that a plain list would meet just the same as a streamed one. */
const NOT_A_REFUSAL: ReadonlySet<ApiFailureKind> = new Set<ApiFailureKind>([
  'aborted',
  'unauthorized',
  'forbidden',
  'missing',
  'throttled',
  'network',
  'credentials',
]);
/** Broken lines in a row before the version that they follow is given up. */
const MAX_MALFORMED = 3;

export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #backOff: BackOff;
  readonly #intake: ObjectIntake;
  readonly #counts: WatchCounts = newWatchCounts();
  readonly #selectors: Readonly<Record<string, string>>;
  #resourceVersion = '';
  #needsList = true;
  /** Set after a failure that may hide a restore of the server's data. */
  #doubtful = false;
  #malformed = 0;
  /** Whether the watch of this round came to be. */
  #opened = false;
  #hangUp: () => void = () => {};
  #synced = false;
  #failure: ApiFailure | undefined;
  /** Of the last round that failed. */
  #lastKind: ApiFailureKind | undefined;
  #connected = false;
  #lastActivityAt = 0;
  #wake: () => void = () => {};

  constructor(options: ReflectorOptions) {
    const { resource, labelSelector } = options;
    this.#options = options;
    this.#backOff = new BackOff(options.timing.backOff, () => options.clock.random());
    this.#intake = new ObjectIntake({
      kind: resource.kind,
      store: options.store,
      interner: options.interner,
      counts: this.#counts,
      logger: options.logger,
      onChange: options.onChange,
    });
    this.#selectors = {
      ...(labelSelector === '' ? {} : { labelSelector }),
      ...(resource.fieldSelector === '' ? {} : { fieldSelector: resource.fieldSelector }),
    };
  }

  /** Follows the API until the signal aborts; never rejects for anything that the API does. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#options;
    while (!signal.aborted) {
      const startedAt = clock.now();
      this.#opened = false;
      const failure = await this.#round(signal);
      if (signal.aborted) return;
      const lastedMs = clock.now() - startedAt;
      if (lastedMs >= timing.stableMs || this.#isFirstCallForList(failure)) this.#backOff.reset();
      if (failure !== undefined) this.#failed(failure);
      else if (lastedMs >= timing.shortMs) continue;
      const atLeastMs = failure?.retryAfterMs ?? 0;
      const unreachable = failure?.kind === 'network';
      await this.#wait(this.#backOff.next({ atLeastMs, unreachable }), signal);
    }
  }

  /** Compares the store with a list and has it read anew where it differs. */
  async compare(signal: AbortSignal): Promise<void> {
    const { resource, store, logger } = this.#options;
    if (!this.#synced || !this.#connected || this.#needsList) return;
    this.#intake.noteDeletions(true);
    try {
      const found = await findDifferences({
        // what the server has at hand: many replicas may ask, and etcd need not hear of it
        list: (onItem) => this.#readList('0', signal, onItem, true),
        identify: (item) => this.#intake.identify(item),
        kept: () => store.all(resource.kind),
        versionOf: (namespace, name) => this.#intake.versionOf(namespace, name),
        deletions: () => this.#intake.deletions,
        grace: () =>
          interruptibleWait(this.#options.clock, this.#options.timing.compareGraceMs, signal).done,
      });
      if ('kind' in found || found.differences === 0 || this.#needsList) return;
      const { differences } = found;
      this.#counts.differences += differences;
      logger.warn({ differences }, 'the store differs from the API; it is listed anew');
      this.#needsList = true;
      this.#hangUp();
    } finally {
      this.#intake.noteDeletions(false);
    }
  }

  /** The server is known to answer again: a wait for it ends now. */
  wake(): void {
    if (this.#failure !== undefined && SERVER_WAS_AWAY.has(this.#failure.kind)) this.#wake();
  }

  get counts(): WatchCounts {
    return this.#counts;
  }

  /** Why it does not work at the moment; undefined when it does. */
  get failure(): ApiFailure | undefined {
    return this.#failure;
  }

  get synced(): boolean {
    return this.#synced;
  }

  state(): WatchState {
    const { kind } = this.#options.resource;
    return {
      kind,
      synced: this.#synced,
      connected: this.#connected,
      lastActivityAt: this.#lastActivityAt,
      problem: this.#problem(),
      resourceVersion: this.#resourceVersion,
      objects: this.#options.store.count(kind),
      relists: this.#counts.relists,
    };
  }

  #problem(): string {
    if (this.#failure !== undefined) return failureLine(this.#failure);
    return this.#connected ? '' : 'not connected yet';
  }

  /** One list where it is needed, then one watch to its end. */
  async #round(signal: AbortSignal): Promise<ApiFailure | undefined> {
    if (this.#needsList) {
      const streamed = await this.#watch(signal, true);
      // once the list was in, this was the watch of this round
      if (this.#opened || streamed === undefined) return streamed;
      if (NOT_A_REFUSAL.has(streamed.kind)) return streamed;
      this.#options.logger.debug({ reason: streamed.message }, 'no streamed list, pages instead');
      const paged = await this.#listPaged(this.#synced ? '' : '0', signal);
      if (paged !== undefined) return paged;
    } else if (this.#doubtful) {
      const failure = await this.#checkVersion(signal);
      if (failure !== undefined) return failure;
    }
    return this.#watch(signal, false);
  }

  /** A paged list into the store; undefined when all went well. */
  async #listPaged(resourceVersion: string, signal: AbortSignal): Promise<ApiFailure | undefined> {
    this.#intake.beginList();
    const result = await this.#readList(resourceVersion, signal, (item, receivedAt) => {
      this.#counts.listed += 1;
      this.#intake.put(this.#intake.cut(item), receivedAt);
    });
    if (result.ok) {
      await this.#listed(result.resourceVersion);
      return undefined;
    }
    this.#intake.dropList();
    // a server that has no list "at hand" at this version has the most recent one
    if (result.failure.kind === 'gone' && resourceVersion !== '')
      return this.#listPaged('', signal);
    return result.failure;
  }

  #readList(
    resourceVersion: string,
    signal: AbortSignal,
    onItem: (item: unknown, receivedAt: number) => void,
    metadataOnly: boolean = false,
  ): ReturnType<typeof readList> {
    const { client, clock, resource, timing } = this.#options;
    return readList({
      client,
      clock,
      resource,
      query: this.#selectors,
      resourceVersion,
      metadataOnly,
      idleMs: timing.listIdleMs,
      signal,
      onItem,
      onRestart: () => {
        if (!metadataOnly) this.#intake.beginList();
      },
    });
  }

  /** The list is complete in the store. */
  async #listed(resourceVersion: string): Promise<void> {
    const { clock, onSynced } = this.#options;
    const breather = new Breather(clock);
    await this.#intake.endList(clock.wallClock(), () => breather.pause());
    this.#resourceVersion = resourceVersion;
    this.#needsList = false;
    this.#doubtful = false;
    this.#working();
    if (this.#synced) this.#counts.relists += 1;
    else {
      this.#synced = true;
      onSynced();
    }
  }

  /** A list of one object tells the server's version; older than ours means that its data went back. */
  async #checkVersion(signal: AbortSignal): Promise<ApiFailure | undefined> {
    const { client, clock, resource, timing } = this.#options;
    const result = await readList({
      client,
      clock,
      resource,
      query: this.#selectors,
      resourceVersion: '',
      only: 1,
      idleMs: timing.listIdleMs,
      signal,
      onItem: () => {},
    });
    if (!result.ok) return result.failure;
    this.#doubtful = false;
    if (!isOlder(result.resourceVersion, this.#resourceVersion)) return undefined;
    return this.#regressed(result.resourceVersion);
  }

  /** A watch from the last version, or with `initial` one that begins with the whole state. */
  async #watch(signal: AbortSignal, initial: boolean): Promise<ApiFailure | undefined> {
    const { client, clock, resource, timing } = this.#options;
    const progress = { initial };
    if (initial) this.#intake.beginList();
    else this.#counts.resumes += 1;
    const seconds = Math.floor(timing.watchSeconds * (1 + clock.random()));
    const hangUp = new AbortController();
    const onAbort = (): void => hangUp.abort();
    signal.addEventListener('abort', onAbort);
    this.#hangUp = onAbort;
    const failure = await readWatch({
      client,
      clock,
      resource,
      query: { ...this.#selectors, ...this.#watchQuery(initial), timeoutSeconds: String(seconds) },
      openMs: timing.openMs,
      idleMs: () => (progress.initial ? timing.initialIdleMs : timing.watchIdleMs),
      signal: hangUp.signal,
      onOpen: () => {
        if (!initial) this.#working();
      },
      onEvent: (event, receivedAt) => this.#onEvent(event, receivedAt, progress),
    });
    signal.removeEventListener('abort', onAbort);
    if (progress.initial) {
      this.#intake.dropList();
      return (
        failure ??
        apiFailure('truncated', `watch ${resource.resource}: the streamed list has no end`)
      );
    }
    return this.#isOrdinaryEnd(failure) ? undefined : failure;
  }

  /** Ends of a live watch that nobody has to hear of: a quiet stream, and our own hanging up for a new list. */
  #isOrdinaryEnd(failure: ApiFailure | undefined): boolean {
    if (failure?.kind === 'aborted') return true;
    if (failure?.kind !== 'idle' || !this.#opened) return false;
    this.#counts.silences += 1;
    this.#doubtful = true;
    return true;
  }

  #watchQuery(initial: boolean): Readonly<Record<string, string>> {
    const query = { watch: 'true', allowWatchBookmarks: 'true' };
    return initial
      ? { ...query, sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
      : { ...query, resourceVersion: this.#resourceVersion };
  }

  async #onEvent(
    event: DataEvent,
    receivedAt: number,
    progress: { initial: boolean },
  ): Promise<ApiFailure | undefined> {
    this.#lastActivityAt = receivedAt;
    this.#malformed = 0;
    if (event.type === 'BOOKMARK') {
      this.#counts.bookmarks += 1;
      if (!progress.initial) return this.#advance(event.resourceVersion);
      if (!event.initialEventsEnd) return this.#noStreamedList();
      progress.initial = false;
      await this.#listed(event.resourceVersion);
      return undefined;
    }
    const cut = this.#intake.cut(event.object);
    if (progress.initial) this.#counts.listed += 1;
    else {
      const failure = this.#inOrder(event.type, cut);
      if (failure !== undefined) return failure;
    }
    if (event.type === 'DELETED') this.#intake.remove(cut, receivedAt);
    else this.#intake.put(cut, receivedAt);
    return undefined;
  }

  /** Before the end of a streamed list no other bookmark comes; this server doesn't know of streamed lists. */
  #noStreamedList(): ApiFailure {
    const { resource } = this.#options;
    return apiFailure('invalid', `watch ${resource.resource}: the server streams no lists`);
  }

  /** Events have growing versions; anything else means that the store can't be trusted any more. */
  #inOrder(type: 'ADDED' | 'MODIFIED' | 'DELETED', cut: CutObject): ApiFailure | undefined {
    this.#counts.events += 1;
    if (type === 'DELETED' && this.#isKept(cut)) return undefined;
    if (cut.resourceVersion === this.#resourceVersion) this.#counts.duplicates += 1;
    return this.#advance(cut.resourceVersion);
  }

  /** Some servers give a deleted object its last version instead of the deletion's. */
  #isKept(cut: CutObject): boolean {
    const { store, resource } = this.#options;
    if (cut.id === undefined) return false;
    const kept = store.get(resource.kind, cut.id.namespace, cut.id.name);
    return kept !== undefined && kept.resourceVersion === cut.resourceVersion;
  }

  #advance(resourceVersion: string): ApiFailure | undefined {
    if (resourceVersion === '') return undefined;
    const order = compareResourceVersions(resourceVersion, this.#resourceVersion);
    if (order !== undefined && order < 0) return this.#regressed(resourceVersion);
    this.#resourceVersion = resourceVersion;
    return undefined;
  }

  #regressed(resourceVersion: string): ApiFailure {
    const { resource } = this.#options;
    this.#needsList = true;
    return apiFailure(
      'regressed',
      `${resource.resource}: the API's resourceVersion went back from ${this.#resourceVersion} to ${resourceVersion}`,
    );
  }

  #working(): void {
    const { clock, logger, onRecovered } = this.#options;
    this.#lastActivityAt = clock.wallClock();
    const was = this.#failure;
    this.#failure = undefined;
    this.#connected = true;
    this.#opened = true;
    if (was === undefined) return;
    logger.info({ resourceVersion: this.#resourceVersion }, 'the API is followed again');
    onRecovered();
  }

  #failed(failure: ApiFailure): void {
    const { failures } = this.#counts;
    failures.set(failure.kind, (failures.get(failure.kind) ?? 0) + 1);
    if (NEEDS_LIST.has(failure.kind)) this.#needsList = true;
    if (SERVER_WAS_AWAY.has(failure.kind)) this.#doubtful = true;
    this.#malformed = failure.kind === 'malformed' ? this.#malformed + 1 : 0;
    if (this.#malformed >= MAX_MALFORMED) this.#needsList = true;
    const { logger } = this.#options;
    const fields = { code: failure.code, problem: failureLine(failure) };
    const again = this.#lastKind === failure.kind;
    this.#lastKind = failure.kind;
    // a live watch that breaks, or whose version is forgotten, is trouble only when the next try fails too
    const usual =
      failure.kind === 'gone' ? !again : this.#opened && SERVER_WAS_AWAY.has(failure.kind);
    if (usual) {
      logger.debug(fields, 'the watch broke off');
      return;
    }
    // the same trouble is told once, however often it is met
    const news = this.#failure?.kind !== failure.kind;
    this.#failure = failure;
    this.#connected = false;
    if (news) logger.warn(fields, 'the API is not followed; what is known stays');
    else logger.debug(fields, 'the API is still not followed');
  }

  /** The server answers, and only wants us to list: long waits from the time when it was away are over. */
  #isFirstCallForList(failure: ApiFailure | undefined): boolean {
    if (failure === undefined || !NEEDS_LIST.has(failure.kind)) return false;
    return this.#lastKind === undefined || !NEEDS_LIST.has(this.#lastKind);
  }

  async #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    const wait = interruptibleWait(this.#options.clock, delayMs, signal);
    this.#wake = wait.wake;
    await wait.done;
    this.#wake = () => {};
  }
}
