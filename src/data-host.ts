/**
 * One thread's data side with its sockets, and how a new configuration takes the place of the old one.
 *
 * Sockets that both configurations have stay open and change their answers between two queries; new ones
 * are opened before anything else changes, so that a failure leaves everything as it was.
 */
import type { Plan } from './corefile/plan.js';
import {
  type BlockZones,
  createDataSide,
  type DataSide,
  type DataSideOptions,
} from './data-side.js';
import type { Listener } from './listen/answerer.js';
import type { StreamSettings } from './listen/stream-settings.js';
import { type ListenerSpec, specKey } from './listener-spec.js';
import { DRAIN_MS, openListener } from './open-listener.js';
import { streamSettings } from './open-stream-listener.js';

/** What a thread is to answer, and where. Plain data. */
export interface DataConfiguration {
  readonly plan: Plan;
  readonly zones: readonly BlockZones[];
  readonly specs: readonly ListenerSpec[];
}

/** What stays the same over all configurations. */
export interface DataHostOptions extends Omit<DataSideOptions, 'plan' | 'zones'> {
  readonly udpImplementation: 'auto' | 'batch' | 'plain';
  /** Other threads of this process listen on the same ports. */
  readonly reusePort: boolean;
}

/** The sockets of one spec. */
interface SpecListeners {
  readonly spec: ListenerSpec;
  readonly listeners: readonly Listener[];
}

export class DataHost {
  readonly #options: DataHostOptions;
  #side: DataSide | undefined;
  #open = new Map<string, SpecListeners>();
  /** Closings that go on after their configuration is gone. */
  readonly #leaving = new Set<Promise<void>>();
  #abandon: (() => void)[] = [];

  constructor(options: DataHostOptions) {
    this.#options = options;
  }

  /** Open sockets, in the order of the file. */
  get listeners(): readonly Listener[] {
    return [...this.#open.values()].flatMap(({ listeners }) => listeners);
  }

  /** The current data side. */
  get side(): DataSide {
    if (this.#side === undefined) throw new Error('nothing is applied yet');
    return this.#side;
  }

  /**
   * Takes a configuration over.
   * @throws SvcdnsError ADDRESS_IN_USE or ADDRESS_NOT_ALLOWED; the configuration before stays in place
   */
  async apply({ plan, zones, specs }: DataConfiguration): Promise<void> {
    const side = createDataSide({ ...this.#options, plan, zones });
    const next = new Map<string, SpecListeners>();
    const opened: Listener[] = [];
    try {
      for (const spec of specs) {
        const kept = this.#open.get(specKey(spec));
        const listeners =
          kept?.listeners ?? (await openListener(spec, side, { ...this.#options, plan }));
        if (kept === undefined) opened.push(...listeners);
        next.set(specKey(spec), { spec, listeners });
      }
    } catch (error) {
      await Promise.all(opened.map((listener) => listener.close(0)));
      await side.close();
      throw error;
    }
    for (const { spec, listeners } of next.values()) {
      for (const listener of listeners) {
        if (opened.includes(listener)) continue;
        listener.setAnswerer(side.answererFor(spec, listener.transport));
        this.#configure(listener, streamSettings(plan, spec));
      }
    }
    const before = this.#side;
    const removed = [...this.#open].filter(([key]) => !next.has(key));
    this.#side = side;
    this.#open = next;
    this.#leave(
      removed.flatMap(([, { listeners }]) => listeners),
      before,
    );
  }

  /** Drains and closes all sockets, then what the handlers hold. */
  async close(drainMs: number): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.close(drainMs)));
    for (const abandon of this.#abandon.splice(0)) abandon();
    await Promise.all(this.#leaving);
    await this.#side?.close();
  }

  /** A certificate that broke since the plan was made must not leave half of the sockets changed. */
  #configure(listener: Listener, settings: StreamSettings): void {
    try {
      listener.configure?.(settings);
    } catch (err) {
      const { server, transport } = listener;
      this.#options.logger.error({ err, server, transport }, 'a socket keeps its settings');
    }
  }

  /** Queries in flight still use the old handlers: they are closed when those must be done. */
  #leave(listeners: readonly Listener[], side: DataSide | undefined): void {
    const drained = Promise.all(listeners.map((listener) => listener.close(DRAIN_MS)));
    const waited =
      side === undefined
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, DRAIN_MS);
            this.#abandon.push(() => {
              clearTimeout(timer);
              resolve();
            });
          });
    const leaving = Promise.all([drained, waited]).then(() => side?.close());
    this.#leaving.add(leaving);
    void leaving.finally(() => this.#leaving.delete(leaving));
  }
}
