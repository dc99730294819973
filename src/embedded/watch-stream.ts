/** One watch: what is past, then what happens, as one JSON object a line. */
import type { ServerResponse } from 'node:http';
import { expired } from './api-error.js';
import { copyObject, type JsonObject, objectAt } from './json.js';
import { isSelected, type ListOptions } from './list-options.js';
import { namespaceOf } from './object-identity.js';
import { type RenderContext, renderObject } from './object-rendering.js';
import type { ObjectStore, StoreEvent } from './object-store.js';
import { apiVersionOf, type ResourceType } from './resource-type.js';

/** A reader that lets this much pile up is dropped, as the API server does. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
/** The API server picks 30 to 60 minutes when the client names no timeout. */
const DEFAULT_TIMEOUT_SECONDS = 1800;

export interface WatchRequest {
  readonly store: ObjectStore;
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly options: ListOptions;
  /** Milliseconds between bookmarks. */
  readonly bookmarkMs: number;
  /** Draws a fresh context for each event: ages move on. */
  render(): RenderContext;
}

/** A running watch, for bookmarks out of turn. */
export interface WatchStream {
  readonly type: ResourceType;
  /** Sends a bookmark if the client takes them. */
  bookmark(): void;
  /** Ends the stream properly, as at its timeout. */
  end(): void;
}

/** Answers on `response` until the timeout, the client's leaving, or {@link WatchStream.end}. */
export function startWatch(response: ServerResponse, request: WatchRequest): WatchStream {
  const { store, type, namespace, options } = request;
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache' });
  response.flushHeaders();

  const send = (line: JsonObject): void => {
    if (response.writableEnded) return;
    response.write(`${JSON.stringify(line)}\n`);
    if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy();
  };
  const sendObject = (eventType: string, object: JsonObject): void => {
    send({ type: eventType, object: renderObject(type, object, request.render()) });
  };
  const bookmark = (annotations?: JsonObject): void => {
    const metadata = {
      resourceVersion: String(store.resourceVersion),
      creationTimestamp: null,
      ...(annotations === undefined ? {} : { annotations }),
    };
    send({
      type: 'BOOKMARK',
      object: { kind: type.kind, apiVersion: apiVersionOf(type), metadata },
    });
  };
  const inScope = (object: JsonObject): boolean =>
    (namespace === undefined || namespaceOf(object) === namespace) && isSelected(options, object);
  const sendEvent = (event: StoreEvent): void => {
    const change = visibleChange(event, inScope);
    if (change !== undefined) sendObject(change.type, change.object);
  };

  if (!sendPast(request, { inScope, sendObject, sendEvent, send })) {
    response.end();
    return { type, bookmark: () => {}, end: () => {} };
  }
  if (options.sendInitialEvents === true && options.bookmarks) {
    bookmark({ 'k8s.io/initial-events-end': 'true' });
  }
  const unsubscribe = store.subscribe(type, sendEvent);
  const end = (): void => {
    response.end();
  };
  const seconds = options.timeoutSeconds || DEFAULT_TIMEOUT_SECONDS;
  // setTimeout takes 31 bits of milliseconds.
  const timeout = setTimeout(end, Math.min(seconds * 1000, 2 ** 31 - 1));
  const ticker = options.bookmarks ? setInterval(bookmark, request.bookmarkMs) : undefined;
  response.on('close', () => {
    unsubscribe();
    clearTimeout(timeout);
    clearInterval(ticker);
  });
  return {
    type,
    bookmark: () => {
      if (options.bookmarks) bookmark();
    },
    end,
  };
}

interface Senders {
  inScope(object: JsonObject): boolean;
  sendObject(type: string, object: JsonObject): void;
  sendEvent(event: StoreEvent): void;
  send(line: JsonObject): void;
}

/** Sends the present state or the missed changes; false after an ERROR event. */
function sendPast({ store, type, options }: WatchRequest, senders: Senders): boolean {
  const asked = options.resourceVersion;
  const wantsState = options.sendInitialEvents ?? (asked === '' || asked === '0');
  if (wantsState) {
    for (const object of store.list(type)) {
      if (senders.inScope(object)) senders.sendObject('ADDED', object);
    }
    return true;
  }
  if (asked === '' || asked === '0') return true;
  const missed = store.eventsSince(type, Number(asked));
  if (missed === undefined) {
    const oldest = store.oldestVersion(type);
    const { status } = expired(`too old resource version: ${asked} (${oldest})`);
    senders.send({ type: 'ERROR', object: status });
    return false;
  }
  for (const event of missed) senders.sendEvent(event);
  return true;
}

/** A change as a selector sees it: an object that leaves the selection is deleted for its reader. */
function visibleChange(
  event: StoreEvent,
  inScope: (object: JsonObject) => boolean,
): { type: string; object: JsonObject } | undefined {
  const before = event.previous !== undefined && inScope(event.previous);
  const after = event.type !== 'DELETED' && inScope(event.object);
  if (after) return { type: before ? 'MODIFIED' : 'ADDED', object: event.object };
  if (!before || event.previous === undefined) return undefined;
  // Its reader gets the state that it knew, under the version of the change.
  const object = copyObject(event.previous);
  objectAt(object, 'metadata')['resourceVersion'] = String(event.resourceVersion);
  return { type: 'DELETED', object };
}
