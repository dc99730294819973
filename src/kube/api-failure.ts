/** Why a request to the API did not do what it was meant to: values that the reflector decides by, with the mend. */
import type { ErrorCode } from '../errors.js';
import { asArray, asObject, type JsonObject, objectAt, textAt } from './json-value.js';
import { type KubeResource, roleRule } from './kube-resource.js';

export type ApiFailureKind =
  /** 401. */
  | 'unauthorized'
  /** 403. */
  | 'forbidden'
  /** 404 on a collection: the API group or version is not there. */
  | 'missing'
  /** 410, or a resourceVersion that the server does not know. */
  | 'gone'
  /** 429. */
  | 'throttled'
  /** 400, 405, 406, 415, 422: the server does not take this kind of request. */
  | 'invalid'
  /** 5xx. */
  | 'server'
  /** No connection, a reset, TLS trouble. */
  | 'network'
  /** The stream ended in the middle of a line or a list. */
  | 'truncated'
  /** What came is not what a Kubernetes API sends. */
  | 'malformed'
  /** Nothing came for too long. */
  | 'idle'
  /** resourceVersions went back: a restore from a backup, or events out of order. */
  | 'regressed'
  /** There is no usable credential to send. */
  | 'credentials'
  /** We hung up ourselves. */
  | 'aborted';

export interface ApiFailure {
  readonly kind: ApiFailureKind;
  readonly code: ErrorCode;
  /** One line, lower-case, no final stop. */
  readonly message: string;
  /** Empty when time alone mends it. */
  readonly mend: string;
  /** Milliseconds that the server asked us to wait, 0 when it did not. */
  readonly retryAfterMs: number;
}

/** What was asked, for messages. */
export interface ApiTarget {
  readonly verb: 'list' | 'watch';
  readonly resource: KubeResource;
  readonly server: string;
}

/** A server that asks for more than two minutes gets the ordinary back-off on top of two minutes. */
const MAX_RETRY_AFTER_MS = 120_000;

/** A failure without anything special about it. */
export function apiFailure(
  kind: ApiFailureKind,
  message: string,
  more: Partial<Pick<ApiFailure, 'code' | 'mend' | 'retryAfterMs'>> = {},
): ApiFailure {
  return { kind, code: 'KUBE_UNREACHABLE', message, mend: '', retryAfterMs: 0, ...more };
}

/** One line for states and logs. */
export function failureLine(failure: ApiFailure): string {
  return failure.mend === '' ? failure.message : `${failure.message} (${failure.mend})`;
}

/**
 * Classifies an answer that is no success: an HTTP status with its body, or the object of an ERROR event.
 * @param status the HTTP status, or 0 to take the code of the Status object.
 */
export function failureOfStatus(
  target: ApiTarget,
  status: number,
  body: unknown,
  retryAfter: string = '',
): ApiFailure {
  const object = asObject(body) ?? {};
  const code = status === 0 ? numberAt(object, 'code') : status;
  const said = oneLine(textAt(object, 'message'));
  const what = `${target.verb} ${target.resource.resource}`;
  const message = `${what}: ${said === '' ? `the API answers ${code}` : said}`;
  const retryAfterMs = retryAfterOf(object, retryAfter);
  if (code === 410 || isUnknownVersion(object)) return apiFailure('gone', message);
  switch (code) {
    case 401:
      return apiFailure('unauthorized', `${what}: the API refuses the credentials (401)`, {
        code: 'KUBE_CREDENTIALS',
        mend: 'check the token or certificate, and the clock',
      });
    case 403:
      return forbidden(target, said);
    case 404:
      return missing(target);
    case 429:
      return apiFailure('throttled', `${what}: the API asks for patience (429)`, { retryAfterMs });
    case 400:
    case 405:
    case 406:
    case 415:
    case 422:
      return apiFailure('invalid', message);
    default:
      return apiFailure(code >= 500 ? 'server' : 'malformed', message, { retryAfterMs });
  }
}

function forbidden(target: ApiTarget, said: string): ApiFailure {
  const { verb, resource } = target;
  const group = resource.group === '' ? 'the core API group' : `API group ${resource.group}`;
  const detail = said === '' ? '' : `: ${said}`;
  return apiFailure(
    'forbidden',
    `not allowed to ${verb} ${resource.resource} in ${group}${detail}`,
    {
      code: 'KUBE_FORBIDDEN',
      mend: `add to the ClusterRole: ${roleRule(resource)}`,
    },
  );
}

function missing(target: ApiTarget): ApiFailure {
  const { resource } = target;
  const path = resource.group === '' ? 'v1' : `${resource.group}/v1`;
  return apiFailure('missing', `the API at ${target.server} has no ${resource.kind} in ${path}`, {
    code: 'KUBE_API_MISSING',
    mend: `Kubernetes ${resource.since} or later is needed; check the server's URL too`,
  });
}

/** "Too large resource version": the server is behind what we know (a restored or lagging one). */
function isUnknownVersion(status: JsonObject): boolean {
  const causes = asArray(objectAt(status, 'details')['causes']);
  return causes.some(
    (cause) => textAt(asObject(cause) ?? {}, 'reason') === 'ResourceVersionTooLarge',
  );
}

function retryAfterOf(status: JsonObject, header: string): number {
  const seconds = /^\d{1,9}$/.test(header.trim())
    ? Number(header)
    : numberAt(objectAt(status, 'details'), 'retryAfterSeconds');
  return Math.min(seconds * 1000, MAX_RETRY_AFTER_MS);
}

function numberAt(object: JsonObject, key: string): number {
  const value = object[key];
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0;
}

/** What the server says, safe for a line of the log. */
function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300);
}
