/** The object store: one resourceVersion for everything, and the recent history of each resource. */
import { freezeJson, type JsonObject, objectAt, textAt } from './json.js';
import type { ResourceType } from './resource-type.js';

/** One change of one object. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: ResourceType;
  readonly resourceVersion: number;
  /** After the change; of a deletion the last state, under the resourceVersion of the deletion. */
  readonly object: JsonObject;
  /** Before the change; absent for an object that was added. */
  readonly previous?: JsonObject;
}

export type StoreListener = (event: StoreEvent) => void;

interface Shelf {
  readonly objects: Map<string, JsonObject>;
  /** Oldest first. */
  history: StoreEvent[];
  /** Events up to and including this resourceVersion are forgotten. */
  forgotten: number;
  readonly listeners: Set<StoreListener>;
  /** Objects by key order, made when asked for. */
  sorted: readonly JsonObject[] | undefined;
}

/** The key of an object as etcd orders them. */
export function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Objects by kind. Stored objects are frozen; a change stores another object. */
export class ObjectStore {
  readonly #shelves = new Map<ResourceType, Shelf>();
  readonly #listeners = new Set<StoreListener>();
  readonly #historySize: number;
  #resourceVersion = 1;
  #forgotten = 0;

  /** @param historySize how many changes of each kind a watch can resume over */
  constructor(historySize: number) {
    this.#historySize = historySize;
  }

  get resourceVersion(): number {
    return this.#resourceVersion;
  }

  get(resource: ResourceType, namespace: string, name: string): JsonObject | undefined {
    return this.#shelf(resource).objects.get(keyOf(namespace, name));
  }

  /** Present objects in key order, of one namespace or (undefined) of all. */
  list(resource: ResourceType, namespace?: string): readonly JsonObject[] {
    const shelf = this.#shelf(resource);
    shelf.sorted ??= sortObjects(shelf.objects);
    if (namespace === undefined) return shelf.sorted;
    return shelf.sorted.filter((object) => textAt(object, 'metadata', 'namespace') === namespace);
  }

  /**
   * The objects as they were at a resourceVersion, undone from the history.
   *
   * @returns undefined when the history does not reach back that far
   */
  listAt(resource: ResourceType, resourceVersion: number): readonly JsonObject[] | undefined {
    const shelf = this.#shelf(resource);
    if (resourceVersion < shelf.forgotten) return undefined;
    const objects = new Map(shelf.objects);
    for (const event of shelf.history.toReversed()) {
      if (event.resourceVersion <= resourceVersion) break;
      const meta = objectAt(event.object, 'metadata');
      const key = keyOf(textAt(meta, 'namespace'), textAt(meta, 'name'));
      if (event.previous === undefined) objects.delete(key);
      else objects.set(key, event.previous);
    }
    return sortObjects(objects);
  }

  /** Changes after a resourceVersion; undefined when some of them are forgotten. */
  eventsSince(resource: ResourceType, resourceVersion: number): readonly StoreEvent[] | undefined {
    const shelf = this.#shelf(resource);
    if (resourceVersion < shelf.forgotten) return undefined;
    return shelf.history.filter((event) => event.resourceVersion > resourceVersion);
  }

  /** The oldest resourceVersion that a watch of this kind can start from. */
  oldestVersion(resource: ResourceType): number {
    return this.#shelf(resource).forgotten;
  }

  /** Stores an object under the next resourceVersion; the store owns and freezes it. */
  put(resource: ResourceType, object: JsonObject): JsonObject {
    const shelf = this.#shelf(resource);
    const meta = objectAt(object, 'metadata');
    const key = keyOf(textAt(meta, 'namespace'), textAt(meta, 'name'));
    const previous = shelf.objects.get(key);
    this.#resourceVersion += 1;
    meta['resourceVersion'] = String(this.#resourceVersion);
    freezeJson(object);
    shelf.objects.set(key, object);
    shelf.sorted = undefined;
    this.#publish(shelf, {
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      resource,
      resourceVersion: this.#resourceVersion,
      object,
      ...(previous === undefined ? {} : { previous }),
    });
    return object;
  }

  /** Removes an object; undefined when it is not there. */
  remove(resource: ResourceType, namespace: string, name: string): JsonObject | undefined {
    const shelf = this.#shelf(resource);
    const key = keyOf(namespace, name);
    const previous = shelf.objects.get(key);
    if (previous === undefined) return undefined;
    shelf.objects.delete(key);
    shelf.sorted = undefined;
    this.#resourceVersion += 1;
    const object = structuredClone(previous);
    objectAt(object, 'metadata')['resourceVersion'] = String(this.#resourceVersion);
    freezeJson(object);
    const resourceVersion = this.#resourceVersion;
    this.#publish(shelf, { type: 'DELETED', resource, resourceVersion, object, previous });
    return object;
  }

  /** Calls back with each change of a kind; returns the way to stop it. */
  subscribe(resource: ResourceType, listener: StoreListener): () => void {
    const { listeners } = this.#shelf(resource);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Calls back with each change of any kind, before the watches of that kind. */
  onChange(listener: StoreListener): void {
    this.#listeners.add(listener);
  }

  /** Forgets the history, as an etcd compaction does: older resourceVersions become 410 Gone. */
  expireHistory(): void {
    // A version of its own, so that even a reader that is up to date has missed something.
    this.#resourceVersion += 1;
    this.#forgotten = this.#resourceVersion;
    for (const shelf of this.#shelves.values()) {
      shelf.history = [];
      shelf.forgotten = this.#forgotten;
    }
  }

  #publish(shelf: Shelf, event: StoreEvent): void {
    shelf.history.push(event);
    // Cut in big steps: one shift for each change would cost O(n) every time.
    if (shelf.history.length > this.#historySize * 1.25) {
      const cut = shelf.history.length - this.#historySize;
      shelf.forgotten = shelf.history[cut - 1]?.resourceVersion ?? shelf.forgotten;
      shelf.history = shelf.history.slice(cut);
    }
    for (const listener of this.#listeners) listener(event);
    for (const listener of [...shelf.listeners]) listener(event);
  }

  #shelf(resource: ResourceType): Shelf {
    let shelf = this.#shelves.get(resource);
    if (shelf === undefined) {
      shelf = {
        objects: new Map(),
        history: [],
        forgotten: this.#forgotten,
        listeners: new Set(),
        sorted: undefined,
      };
      this.#shelves.set(resource, shelf);
    }
    return shelf;
  }
}

function sortObjects(objects: ReadonlyMap<string, JsonObject>): readonly JsonObject[] {
  return [...objects]
    .toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([, object]) => object);
}
