/** Which names a hosts directive concerns: what a faster way around the chain has to know. */
import { isInZone } from '../../dns/name.js';
import type { HostTable } from './host-table.js';
import type { HostsOptions } from './options.js';

/** The names of one hosts directive as of now. */
export interface HostsNames {
  /**
   * Whether the directive may answer any question at or below a canonical zone: it has a name there, or
   * it lets unknown names of the zone not go on. Other zones may be answered without asking it.
   */
  coversZone(zone: string): boolean;
  /**
   * Whether all that it answers in the zone are the names of {@link ownersIn}; false where unknown names
   * end in it for want of `fallthrough`.
   */
  letsPass(zone: string): boolean;
  /** Owner names in the zone, canonical, those of PTR records too; a wildcard as `*.parent.`. */
  ownersIn(zone: string): readonly string[];
  /** Calls `listener` after each change of the file; the returned function ends that. */
  onChange(listener: () => void): () => void;
}

/** The names of the table that `current` gives, with what the options add. */
export class CurrentHostsNames implements HostsNames {
  readonly #options: HostsOptions;
  readonly #current: () => HostTable;
  readonly #listeners = new Set<() => void>();

  constructor(options: HostsOptions, current: () => HostTable) {
    this.#options = options;
    this.#current = current;
  }

  coversZone(zone: string): boolean {
    if (!this.letsPass(zone)) return true;
    for (const _ of this.#current().ownersIn(zone)) return true;
    return false;
  }

  letsPass(zone: string): boolean {
    const { zones, fallthrough } = this.#options;
    const concerned = zones.some((own) => isInZone(zone, own) || isInZone(own, zone));
    return !concerned || fallthrough.some((through) => isInZone(zone, through));
  }

  ownersIn(zone: string): readonly string[] {
    return [...this.#current().ownersIn(zone)];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the listeners. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
