/** Reads a watch: lines to events, with a reset for everything that is no proper line. */
import type { ApiClient } from './api-client.js';
import { type ApiFailure, apiFailure, failureOfStatus } from './api-failure.js';
import { Breather } from './breather.js';
import type { KubeClock } from './kube-clock.js';
import type { KubeResource } from './kube-resource.js';
import { LineSplitter } from './line-splitter.js';
import { parseWatchEvent, type WatchEvent } from './watch-event.js';

export type DataEvent = Exclude<WatchEvent, { readonly type: 'ERROR' }>;

export interface WatchRequest {
  readonly client: ApiClient;
  readonly clock: KubeClock;
  readonly resource: KubeResource;
  readonly query: Readonly<Record<string, string>>;
  readonly openMs: number;
  /** Milliseconds without a byte; asked anew after each piece. */
  readonly idleMs: () => number;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  /** Takes an event with the wall-clock time at which it was read; a failure that comes back ends the watch. */
  readonly onEvent: (
    event: DataEvent,
    receivedAt: number,
  ) => ApiFailure | undefined | Promise<ApiFailure | undefined>;
}

/** Follows a watch to its end: undefined when the server ended it at its time-out, otherwise why it ended. */
export async function readWatch(request: WatchRequest): Promise<ApiFailure | undefined> {
  const { client, clock, resource } = request;
  const target = { verb: 'watch', resource } as const;
  const splitter = new LineSplitter();
  const breather = new Breather(clock);
  const take = async (line: string, receivedAt: number): Promise<ApiFailure | undefined> => {
    const event = parseWatchEvent(line);
    if (event === undefined) {
      return apiFailure('malformed', `watch ${resource.resource}: a line is no watch event`);
    }
    if (event.type === 'ERROR') {
      return failureOfStatus({ ...target, server: client.server }, 0, event.status);
    }
    return request.onEvent(event, receivedAt);
  };
  const failure = await client.stream({
    target,
    query: request.query,
    openMs: request.openMs,
    idleMs: request.idleMs,
    signal: request.signal,
    onOpen: request.onOpen,
    onChunk: async (chunk) => {
      const receivedAt = clock.wallClock();
      const lines = splitter.push(chunk);
      if (lines === undefined) {
        return apiFailure('malformed', `watch ${resource.resource}: a line has no end`);
      }
      for (const line of lines) {
        const fault = await take(line, receivedAt);
        if (fault !== undefined) return fault;
        await breather.pause();
      }
      return undefined;
    },
  });
  if (failure !== undefined || splitter.pendingBytes === 0) return failure;
  return apiFailure('truncated', `watch ${resource.resource}: the stream ended within a line`);
}
