/** A KubeWatch against a scripted API, with everything that it says and hands out kept for the test. */
import type { ApiAccess } from '../../src/kube/api-access.js';
import { KubeWatch, type KubeWatchOptions } from '../../src/kube/kube-watch.js';
import type { KubeChange, KubeKind } from '../../src/kube/objects.js';
import type { ChangeBatch, WatchState } from '../../src/kube/watch-source.js';
import { DEFAULT_TIMING } from '../../src/kube/watch-timing.js';
import type { Logger } from '../../src/observe/logger.js';
import { HandClock } from './hand-clock.js';
import type { ScriptedApi } from './scripted-api.js';

/** A logger that keeps its lines. */
export class KeptLog {
  readonly lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] =
    [];

  get logger(): Logger {
    const at =
      (level: string) =>
      (fields: Readonly<Record<string, unknown>>, message: string): void => {
        this.lines.push({ level, message, fields });
      };
    const logger: Logger = {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: () => logger,
    };
    return logger;
  }

  warnings(): readonly string[] {
    return this.lines.filter((line) => line.level === 'warn').map((line) => line.message);
  }
}

export class WatchHarness {
  readonly watch: KubeWatch;
  readonly clock: HandClock;
  readonly log: KeptLog = new KeptLog();
  readonly batches: ChangeBatch[] = [];
  syncedCalls = 0;

  constructor(
    api: ScriptedApi,
    more: Partial<KubeWatchOptions> = {},
    clock: HandClock = new HandClock(),
  ) {
    this.clock = clock;
    this.watch = new KubeWatch({
      access: plainAccess(api.url),
      kinds: ['Service'],
      labels: '',
      namespaceLabels: '',
      logger: this.log.logger,
      clock,
      timing: { ...DEFAULT_TIMING, compareMs: 0 },
      userAgent: 'svcdns-test',
      ...more,
    });
    this.watch.onBatch((batch) => this.batches.push(batch));
    this.watch.onSynced(() => {
      this.syncedCalls += 1;
    });
    this.watch.start();
  }

  get changes(): readonly KubeChange[] {
    return this.batches.flatMap((batch) => batch.changes);
  }

  /** Changes as `added shop/a`, `changed shop/a`, `deleted shop/a`. */
  get told(): readonly string[] {
    return this.changes.map(({ before, after }) => {
      const word = before === undefined ? 'added' : after === undefined ? 'deleted' : 'changed';
      const object = after ?? before;
      return `${word} ${object?.namespace}/${object?.name}`;
    });
  }

  /** Names of the services that are kept, sorted. */
  get services(): readonly string[] {
    return [...this.watch.snapshot.services()].map(({ name }) => name).sort();
  }

  state(kind: KubeKind = 'Service'): WatchState {
    const state = this.watch.states().find((one) => one.kind === kind);
    if (state === undefined) throw new Error(`${kind} is not watched`);
    return state;
  }

  close(): Promise<void> {
    return this.watch.close();
  }
}

/** Access without credentials. */
export function plainAccess(server: string): ApiAccess {
  const material = { insecure: false };
  return {
    server,
    origin: 'test',
    tls: async () => material,
    authorization: async () => undefined,
    refused: () => {},
  };
}

/** Lets the event loop turn until the condition holds; the test's own time-out bounds it. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
