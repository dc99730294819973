/** Keeps one copy of texts and port lists that thousands of objects share. */
import type { EndpointPort, ServicePort } from './objects.js';

/** Entries before the table is dropped and begun anew: it only saves memory, it must not become a leak. */
const MAX_ENTRIES = 50_000;

/** Owned by one watch; equal values come back as the same value. */
export class Interner {
  readonly #texts = new Map<string, string>();
  readonly #ports = new Map<string, readonly EndpointPort[]>();
  readonly #servicePorts = new Map<string, readonly ServicePort[]>();

  text(value: string): string {
    return shared(this.#texts, value, value);
  }

  endpointPorts(ports: readonly EndpointPort[]): readonly EndpointPort[] {
    return shared(this.#ports, JSON.stringify(ports), ports);
  }

  servicePorts(ports: readonly ServicePort[]): readonly ServicePort[] {
    return shared(this.#servicePorts, JSON.stringify(ports), ports);
  }
}

function shared<T>(table: Map<string, T>, key: string, value: T): T {
  const known = table.get(key);
  if (known !== undefined) return known;
  if (table.size >= MAX_ENTRIES) table.clear();
  table.set(key, value);
  return value;
}
