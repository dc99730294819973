/** One page of a list: a consistent state, in pages by `limit` and `continue`. */
import { ApiError, badRequest, expired } from './api-error.js';
import { type JsonObject, numberAt, parseObject, textAt } from './json.js';
import { isSelected, type ListOptions } from './list-options.js';
import { nameOf, namespaceOf } from './object-identity.js';
import { keyOf, type ObjectStore } from './object-store.js';
import type { ResourceType } from './resource-type.js';

export interface ListPage {
  readonly items: readonly JsonObject[];
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly continueToken: string;
  readonly remaining: number;
}

/** Lists a kind in one namespace or (undefined) all; throws ApiError 400, 410, 504. */
export function listPage(
  store: ObjectStore,
  type: ResourceType,
  namespace: string | undefined,
  options: ListOptions,
): ListPage {
  const token = options.continueToken === '' ? undefined : readToken(options.continueToken);
  const exact = options.resourceVersionMatch === 'Exact';
  const asked = Number(options.resourceVersion);
  if (token === undefined && asked > store.resourceVersion) throw tooLargeVersion(asked, store);
  const version = token?.version ?? (exact ? asked : store.resourceVersion);
  const all = version === store.resourceVersion ? store.list(type) : store.listAt(type, version);
  if (all === undefined) throw expired(tooOld(token === undefined, version));
  const selected = all
    .filter((object) => namespace === undefined || namespaceOf(object) === namespace)
    .filter((object) => token === undefined || objectKey(object) > token.after)
    .filter((object) => isSelected(options, object));
  // resourceVersion=0 is served from the watch cache, which has no pages.
  const paged = options.limit > 0 && options.resourceVersion !== '0';
  const items = paged ? selected.slice(0, options.limit) : selected;
  const last = items.at(-1);
  const remaining = selected.length - items.length;
  const continueToken =
    last === undefined || remaining === 0 ? '' : writeToken(version, objectKey(last));
  return { items, resourceVersion: String(version), continueToken, remaining };
}

function objectKey(object: JsonObject): string {
  return keyOf(namespaceOf(object), nameOf(object));
}

function writeToken(version: number, after: string): string {
  return Buffer.from(JSON.stringify({ v: 'svcdns/v1', rv: version, after })).toString('base64url');
}

function readToken(text: string): { version: number; after: string } {
  try {
    const token = parseObject(Buffer.from(text, 'base64url').toString());
    if (textAt(token, 'v') !== 'svcdns/v1') throw new TypeError('of another server');
    return { version: numberAt(token, 'rv'), after: textAt(token, 'after') };
  } catch {
    throw badRequest(
      'invalid continue token: continue key is not valid: it was not made by this server',
    );
  }
}

function tooOld(exact: boolean, version: number): string {
  return exact
    ? `The resourceVersion for the provided list is too old: ${version}.`
    : 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
}

function tooLargeVersion(asked: number, store: ObjectStore): ApiError {
  const message = `Timeout: Too large resource version: ${asked}, current: ${store.resourceVersion}`;
  return new ApiError(504, 'Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
