/** A control loop of the embedded cluster: it sees changes and brings the store to what they ask for. */
import type { JsonObject } from './json.js';
import type { StoreEvent } from './object-store.js';

export interface Controller {
  /** Notes what a change touches; writes nothing. */
  observe(event: StoreEvent): void;
  /** Does what was noted; whether there was anything. */
  work(): boolean;
  /** Frees an object's dependents before it is deleted without them. */
  orphan?(owner: JsonObject): void;
  /** Stops timers. */
  close?(): void;
}
