/** Tells secondaries when the serial of a zone has changed (RFC 1996); many changes become one NOTIFY. */
import type { Logger } from '../../observe/logger.js';
import type { ServedZone } from '../../zone/served-zone.js';
import type { Clock, Timer } from '../forward/clock.js';
import type { RandomSource } from '../forward/random-source.js';
import { NotifyExchange } from './notify-exchange.js';
import { type NotifyTarget, stanzaFor, type TransferStanza } from './options.js';

/** How often serials are looked at: they count seconds. */
const INTERVAL_MS = 1_000;
/** How long a zone that changes all the time is left in peace after a NOTIFY: each costs a transfer. */
const QUIET_MS = 5_000;
/** NOTIFYs without an answer until the log says so. */
const MISSES = 5;

export interface SerialWatchOptions {
  readonly stanzas: readonly TransferStanza[];
  /** Forward zones. */
  readonly zones: readonly ServedZone[];
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** A zone with those who want to know about it. */
interface Told {
  readonly zone: ServedZone;
  readonly targets: readonly NotifyTarget[];
  serial: number | undefined;
}

export class SerialWatch {
  readonly #options: SerialWatchOptions;
  readonly #told: readonly Told[];
  /** NOTIFYs that wait for an answer, by zone and target. */
  readonly #exchanges = new Map<string, NotifyExchange>();
  /** How many in a row were not answered. */
  readonly #misses = new Map<string, number>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: SerialWatchOptions) {
    this.#options = options;
    this.#told = options.zones.flatMap((zone) => {
      const targets = stanzaFor(options.stanzas, zone.description.zone)?.notify ?? [];
      return targets.length === 0 ? [] : [{ zone, targets, serial: undefined }];
    });
  }

  start(): void {
    if (this.#told.length > 0) this.#look();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    for (const exchange of this.#exchanges.values()) exchange.cancel();
  }

  #look(): void {
    let waitMs = INTERVAL_MS;
    for (const told of this.#told) {
      const { reader } = told.zone;
      const serial = reader.serial();
      if (!reader.isReady() || serial === told.serial) continue;
      told.serial = serial;
      waitMs = QUIET_MS;
      for (const target of told.targets) this.#notify(told.zone.description.zone, target);
    }
    if (!this.#closed) this.#timer = this.#options.clock.after(waitMs, () => this.#look());
  }

  /** A NOTIFY that is still not answered gives way: the new one says the same. */
  #notify(zone: string, target: NotifyTarget): void {
    const { clock, random } = this.#options;
    const key = `${zone} ${target.address} ${target.port}`;
    const waiting = this.#exchanges.get(key);
    if (waiting !== undefined) {
      waiting.cancel();
      this.#miss(key, zone, target);
    }
    const done = (answered: boolean): void => {
      this.#exchanges.delete(key);
      if (answered) this.#misses.delete(key);
      else this.#miss(key, zone, target);
    };
    const id = random.uint16();
    this.#exchanges.set(key, new NotifyExchange({ id, zone, target, clock, done }));
  }

  #miss(key: string, zone: string, target: NotifyTarget): void {
    const misses = (this.#misses.get(key) ?? 0) + 1;
    this.#misses.set(key, misses);
    if (misses !== MISSES) return;
    this.#options.logger.warn({ zone, ...target }, 'a secondary does not answer NOTIFY');
  }
}
