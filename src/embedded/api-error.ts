/** Refusals as the Kubernetes API words them: a `Status` object with code, reason and message. */
import type { FieldFault } from './field-fault.js';
import type { Json, JsonObject } from './json.js';
import { qualifiedKind, qualifiedResource, type ResourceType } from './resource-type.js';

/** Details of a Status: what was asked for, and each fault of an invalid object. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly { reason: string; message: string; field?: string }[];
  readonly retryAfterSeconds?: number;
}

/** A refused request; `status` is what the client gets as the body. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails;

  constructor(code: number, reason: string, message: string, details: StatusDetails = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get status(): JsonObject {
    const details: JsonObject = {};
    for (const [key, value] of Object.entries(this.details)) {
      if (value === undefined || value === '') continue;
      details[key] = Array.isArray(value) ? value.map((cause): Json => ({ ...cause })) : value;
    }
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(Object.keys(details).length === 0 ? {} : { details }),
      code: this.code,
    };
  }
}

function detailsOf(type: ResourceType, name: string): StatusDetails {
  return { name, group: type.group, kind: type.plural };
}

export function notFound(type: ResourceType, name: string): ApiError {
  const message = `${qualifiedResource(type)} "${name}" not found`;
  return new ApiError(404, 'NotFound', message, detailsOf(type, name));
}

/** For a path that leads nowhere. */
export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(type: ResourceType, name: string): ApiError {
  const message = `${qualifiedResource(type)} "${name}" already exists`;
  return new ApiError(409, 'AlreadyExists', message, detailsOf(type, name));
}

export function conflict(type: ResourceType, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(type)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, detailsOf(type, name));
}

export function forbidden(type: ResourceType, name: string, why: string): ApiError {
  const subject = name === '' ? '' : ` "${name}"`;
  const message = `${qualifiedResource(type)}${subject} is forbidden: ${why}`;
  return new ApiError(403, 'Forbidden', message, detailsOf(type, name));
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** Too old a resourceVersion: the reader has to list again. */
export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

export function internalError(message: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`);
}

export function methodNotAllowed(): ApiError {
  return new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  );
}

/** 422 with one cause for each fault. */
export function invalid(type: ResourceType, name: string, faults: readonly FieldFault[]): ApiError {
  const texts = [...new Set(faults.map((fault) => `${fault.field}: ${fault.message}`))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${qualifiedKind(type)} "${name}" is invalid: ${list}`, {
    name,
    group: type.group,
    kind: type.kind,
    causes: faults.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}
