/** What the tests of the embedded API talk to it with: plain HTTP on loopback. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach } from 'vitest';
import { EmbeddedApi, type EmbeddedApiOptions } from '../../src/embedded/embedded-api.js';
import { isObject, type JsonObject, parseObject } from '../../src/embedded/json.js';

export interface Answer {
  readonly code: number;
  readonly body: JsonObject;
  readonly headers: Headers;
}

const open: EmbeddedApi[] = [];

afterEach(async () => {
  for (const api of open.splice(0)) await api.close();
});

/** A started API that is closed after the test. */
export async function startApi(options: EmbeddedApiOptions = {}): Promise<EmbeddedApi> {
  const api = new EmbeddedApi(options);
  await api.start();
  open.push(api);
  return api;
}

/** One request; a body is sent as JSON unless a content type says otherwise. */
export async function call(
  api: EmbeddedApi,
  method: string,
  path: string,
  options: { body?: unknown; contentType?: string; accept?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: {
      ...(options.body === undefined
        ? {}
        : { 'content-type': options.contentType ?? 'application/json' }),
      ...(options.accept === undefined ? {} : { accept: options.accept }),
    },
    ...(options.body === undefined
      ? {}
      : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
  });
  return {
    code: response.status,
    body: parseObject(await response.text()),
    headers: response.headers,
  };
}

/** A running watch: its events are taken one after the other. */
export class WatchReader {
  readonly #lines: AsyncGenerator<JsonObject>;
  readonly #abort: AbortController;

  constructor(lines: AsyncGenerator<JsonObject>, abort: AbortController) {
    this.#lines = lines;
    this.#abort = abort;
  }

  /** The next event; rejects when none comes in five seconds or the stream has ended. */
  async next(): Promise<JsonObject> {
    const late = new AbortController();
    const timeout = delay(5000, 'late' as const, { signal: late.signal }).catch(
      () => 'late' as const,
    );
    const result = await Promise.race([this.#lines.next(), timeout]);
    late.abort();
    if (result === 'late' || result.done === true) throw new Error(`no event: ${String(result)}`);
    return result.value;
  }

  async take(count: number): Promise<JsonObject[]> {
    const events: JsonObject[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  /** Everything until the server ends the stream. */
  async rest(): Promise<JsonObject[]> {
    const events: JsonObject[] = [];
    for await (const event of this.#lines) events.push(event);
    return events;
  }

  close(): void {
    this.#abort.abort();
  }
}

/** Starts a watch; the path has no `watch` parameter yet. */
export async function watch(
  api: EmbeddedApi,
  path: string,
  accept = 'application/json',
): Promise<WatchReader> {
  const abort = new AbortController();
  const separator = path.includes('?') ? '&' : '?';
  const response = await fetch(`${api.url}${path}${separator}watch=true`, {
    signal: abort.signal,
    headers: { accept },
  });
  if (response.status !== 200 || response.body === null) {
    throw new Error(`watch refused: ${response.status} ${await response.text()}`);
  }
  return new WatchReader(readLines(response.body), abort);
}

async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<JsonObject> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield parseObject(line);
  }
}

/** A Service manifest. */
export function service(
  name: string,
  spec: JsonObject = {},
  metadata: JsonObject = {},
): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...metadata },
    spec: { ports: [{ port: 80 }], ...spec },
  };
}

/** A Pod manifest with one container. */
export function pod(
  name: string,
  labels: JsonObject,
  options: { ports?: JsonObject[]; spec?: JsonObject; annotations?: JsonObject } = {},
): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels, annotations: options.annotations ?? {} },
    spec: {
      containers: [{ name: 'main', image: 'example.org/main:1', ports: options.ports ?? [] }],
      ...options.spec,
    },
  };
}

/** The objects of a list answer. */
export function itemsOf(answer: Answer): JsonObject[] {
  const items = answer.body['items'];
  return Array.isArray(items) ? items.filter(isObject) : [];
}
