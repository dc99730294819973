/** Reads a request's body as one object, from JSON, YAML or (kubectl's create commands) protobuf. */
import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { ApiError, badRequest } from './api-error.js';
import { isObject, type Json, type JsonObject, toJson } from './json.js';
import { bodyType } from './media-type.js';
import { PROTOBUF_TYPE, parseProtobuf } from './protobuf.js';

/** Limit of the API server for a request's body. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** The body's bytes; throws ApiError 413. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > MAX_BODY_BYTES) {
      throw new ApiError(
        413,
        'RequestEntityTooLarge',
        `Request entity too large: limit is ${MAX_BODY_BYTES}`,
      );
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Content types in which objects are sent. */
const OBJECT_TYPES: readonly string[] = ['application/json', 'application/yaml', PROTOBUF_TYPE];

/** Parses an object that was sent; throws ApiError 400, 415. */
export function parseSentObject(body: Buffer, contentType: string | undefined): JsonObject {
  // A client that names no type sends JSON.
  const type = bodyType(contentType) || 'application/json';
  if (!OBJECT_TYPES.includes(type)) throw unsupportedMediaType(OBJECT_TYPES);
  if (type === PROTOBUF_TYPE) return decode(() => parseProtobuf(body));
  const value = parseBody(body.toString(), type === 'application/yaml');
  if (!isObject(value)) throw badRequest('the body of the request has to be an object');
  return value;
}

/** Parses JSON or YAML; throws ApiError 400. */
export function parseBody(text: string, yaml: boolean): Json {
  return decode(() => toJson(yaml ? parse(text) : JSON.parse(text)));
}

function decode<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`error decoding the body of the request: ${why}`);
  }
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const list = accepted.join(', ');
  return new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${list}`,
  );
}
