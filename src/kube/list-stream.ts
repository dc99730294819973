/** Reads a list: pages of 500 objects, each page item by item as it comes in. */
import type { ApiClient } from './api-client.js';
import { type ApiFailure, apiFailure } from './api-failure.js';
import { Breather } from './breather.js';
import { asObject, objectAt, parseJson, textAt } from './json-value.js';
import type { KubeClock } from './kube-clock.js';
import type { KubeResource } from './kube-resource.js';
import { ListSplitter } from './list-splitter.js';

/** client-go's page size. */
const PAGE_SIZE = 500;

/** A server that can't leave the rest out sends whole objects (Kubernetes API concepts, "Receiving resources as Tables"). */
const METADATA_ONLY =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

export interface ListRequest {
  readonly client: ApiClient;
  readonly clock: KubeClock;
  readonly resource: KubeResource;
  /** Selectors. */
  readonly query: Readonly<Record<string, string>>;
  /** Empty: the most recent state; '0': whatever the server has at hand. */
  readonly resourceVersion: string;
  /** At most so many objects in all; absent: every one, in pages. */
  readonly only?: number;
  /** Whether names and versions are enough. */
  readonly metadataOnly?: boolean;
  /** Milliseconds without a byte. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
  /** Called for each item in turn, with the wall-clock time at which it was read. */
  readonly onItem: (item: unknown, receivedAt: number) => void;
  /** What was given so far belongs to a list that can't be finished; it begins again. */
  readonly onRestart?: () => void;
}

export type ListResult =
  | { readonly ok: true; readonly resourceVersion: string }
  | { readonly ok: false; readonly failure: ApiFailure };

interface Page {
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly next: string;
}

/**
 * Reads a whole list. When the server forgets the list between two pages (410 on the continue token) it
 * is read anew in one piece, as client-go does: a server that is too slow for pages stays too slow.
 */
export async function readList(request: ListRequest): Promise<ListResult> {
  let next = '';
  for (;;) {
    const page = await readPage(request, firstQuery(request, next));
    if (isPage(page)) {
      if (page.next === '' || request.only !== undefined) {
        return { ok: true, resourceVersion: page.resourceVersion };
      }
      next = page.next;
    } else if (page.kind === 'gone' && next !== '') {
      request.onRestart?.();
      const whole = await readPage(request, request.query);
      return isPage(whole)
        ? { ok: true, resourceVersion: whole.resourceVersion }
        : { ok: false, failure: whole };
    } else return { ok: false, failure: page };
  }
}

function firstQuery(request: ListRequest, next: string): Readonly<Record<string, string>> {
  const limit = { ...request.query, limit: String(request.only ?? PAGE_SIZE) };
  if (next !== '') return { ...limit, continue: next };
  return request.resourceVersion === ''
    ? limit
    : { ...limit, resourceVersion: request.resourceVersion };
}

function isPage(value: Page | ApiFailure): value is Page {
  return 'next' in value;
}

async function readPage(
  request: ListRequest,
  query: Readonly<Record<string, string>>,
): Promise<Page | ApiFailure> {
  const { client, clock, resource } = request;
  const splitter = new ListSplitter();
  const breather = new Breather(clock);
  const malformed = apiFailure('malformed', `list ${resource.resource}: the body is no list`);
  const failure = await client.stream({
    target: { verb: 'list', resource },
    query,
    ...(request.metadataOnly === true ? { accept: METADATA_ONLY } : {}),
    openMs: request.idleMs,
    idleMs: () => request.idleMs,
    signal: request.signal,
    onChunk: async (chunk) => {
      const receivedAt = clock.wallClock();
      for (const text of splitter.push(chunk) ?? [undefined]) {
        const item = text === undefined ? undefined : parseJson(text);
        if (item === undefined) return malformed;
        request.onItem(item, receivedAt);
        await breather.pause();
      }
      return undefined;
    },
  });
  return failure ?? pageOf(resource, splitter.envelope());
}

function pageOf(resource: KubeResource, envelope: string): Page | ApiFailure {
  const list = asObject(parseJson(envelope));
  if (list === undefined) {
    return apiFailure('truncated', `list ${resource.resource}: the body ended within the list`);
  }
  const metadata = objectAt(list, 'metadata');
  if (!textAt(list, 'kind').endsWith('List') || textAt(metadata, 'resourceVersion') === '') {
    return apiFailure('malformed', `list ${resource.resource}: the body is no list`, {
      mend: "check the server's URL",
    });
  }
  return {
    resourceVersion: textAt(metadata, 'resourceVersion'),
    next: textAt(metadata, 'continue'),
  };
}
