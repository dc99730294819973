/** An HTTP request as a DNS query, or the status that says why it is none (RFC 8484 §4.1). */
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { MAX_MESSAGE } from '../wire/header.js';

/** HTTP/1.1 or HTTP/2; both have what is used here. */
export type DohRequest = IncomingMessage | Http2ServerRequest;

/** The one resource there is. */
export const DOH_PATH = '/dns-query';
export const DOH_MEDIA_TYPE = 'application/dns-message';

/** Why a request is answered with a status of its own; `text` goes into the body. */
export interface DohRefusal {
  readonly status: 400 | 404 | 405 | 413 | 415;
  readonly text: string;
}

export type DohQuery = { readonly query: Uint8Array } | { readonly refusal: DohRefusal };

/**
 * Reads a request to its end, or to where it is known to be none.
 * Rejects when the client goes away.
 */
export async function readDohRequest(request: DohRequest): Promise<DohQuery> {
  const { path, parameters } = splitTarget(request.url ?? '');
  if (path !== DOH_PATH) return refuse(404, `there is nothing but ${DOH_PATH}`);
  if (request.method === 'GET') return queryOfParameters(parameters);
  if (request.method !== 'POST') return refuse(405, 'use GET or POST');
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== DOH_MEDIA_TYPE) return refuse(415, `send ${DOH_MEDIA_TYPE}`);
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') return refuse(415, 'send the body as it is');
  if (Number(request.headers['content-length'] ?? 0) > MAX_MESSAGE) return tooLarge();
  const body = await readBody(request);
  if (body === undefined) return tooLarge();
  return body.length === 0 ? refuse(400, 'the body is empty') : { query: body };
}

/** Path and parameters; a client may also send the whole URL (RFC 9112 §3.2.2). */
function splitTarget(target: string): { readonly path: string; readonly parameters: string } {
  const text = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = text.indexOf('?');
  if (mark < 0) return { path: text, parameters: '' };
  return { path: text.slice(0, mark), parameters: text.slice(mark + 1) };
}

function queryOfParameters(parameters: string): DohQuery {
  const values = new URLSearchParams(parameters).getAll('dns');
  const [text] = values;
  if (text === undefined || values.length > 1) return refuse(400, 'give one parameter dns');
  // base64url without padding (RFC 8484 §6); some clients pad all the same
  const digits = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9_-]+$/.test(digits) || digits.length % 4 === 1) {
    return refuse(400, 'dns is no base64url');
  }
  const query = Buffer.from(digits, 'base64url');
  return query.length > MAX_MESSAGE ? tooLarge() : { query };
}

/** The body; undefined as soon as it is longer than any message. */
async function readBody(request: DohRequest): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > MAX_MESSAGE) resolve(undefined);
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('aborted', () => reject(new Error('the client went away')));
    request.on('close', () => reject(new Error('the client went away')));
  });
}

function tooLarge(): DohQuery {
  return refuse(413, `a message has at most ${MAX_MESSAGE} octets`);
}

function refuse(status: DohRefusal['status'], text: string): DohQuery {
  return { refusal: { status, text } };
}
