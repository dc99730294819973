/** One HTTP request and the response to it, over HTTP/1.1 or HTTP/2. */
import { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import { answerLifetime } from './answer-lifetime.js';
import { DOH_MEDIA_TYPE, type DohRefusal, type DohRequest } from './doh-request.js';
import type { HttpsConnection } from './https-connection.js';

export type DohResponse = ServerResponse | Http2ServerResponse;

/** What an exchange is made of. */
export interface DohExchangeOptions {
  readonly request: DohRequest;
  readonly response: DohResponse;
  readonly connection: HttpsConnection;
  /** For the response to be taken by the client, in milliseconds. */
  readonly writeMs: number;
}

export class DohExchange {
  readonly request: DohRequest;
  readonly connection: HttpsConnection;
  readonly #response: DohResponse;
  readonly #writeMs: number;

  constructor({ request, response, connection, writeMs }: DohExchangeOptions) {
    this.request = request;
    this.connection = connection;
    this.#response = response;
    this.#writeMs = writeMs;
  }

  /** Counts the query as in flight until its response is gone; false when there are too many. */
  begin(): boolean {
    if (!this.connection.begin()) return false;
    this.#response.once('close', () => this.connection.end());
    return true;
  }

  /** Sends a DNS message; its rcode is no matter of HTTP (RFC 8484 §4.2.1). */
  reply(message: Uint8Array): void {
    this.#response.setHeader('content-type', DOH_MEDIA_TYPE);
    this.#response.setHeader('cache-control', `max-age=${answerLifetime(message)}`);
    this.#send(200, message);
  }

  /** Says why the request is none. */
  refuse({ status, text }: DohRefusal): void {
    if (status === 405) this.#response.setHeader('allow', 'GET, POST');
    this.#response.setHeader('content-type', 'text/plain; charset=utf-8');
    this.#send(status, Buffer.from(`${text}\n`));
  }

  /** Sends nothing (acl drop): HTTP has no silence, so the stream is reset, or the connection closed. */
  drop(): void {
    if (this.#response instanceof ServerResponse) this.#response.destroy();
    else this.#response.stream.close(constants.NGHTTP2_REFUSED_STREAM);
  }

  #send(status: number, body: Uint8Array): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    response.statusCode = status;
    response.setHeader('content-length', body.length);
    // what nobody reads of a body must neither be waited for nor stand in front of the next request
    const unread = isUnread(this.request);
    if (response instanceof ServerResponse && (unread || this.connection.isEnding)) {
      response.setHeader('connection', 'close');
    }
    const slow = setTimeout(() => this.connection.destroy(), this.#writeMs);
    response.once('close', () => clearTimeout(slow));
    response.end(body);
    // waits until the response is sent; the rest of the request is not needed then (RFC 9113 §8.1)
    if (unread && !(response instanceof ServerResponse)) {
      response.stream.close(constants.NGHTTP2_NO_ERROR);
    }
  }
}

/** Whether some of the request's body is still to come. */
function isUnread(request: DohRequest): boolean {
  if (!('stream' in request)) return !request.complete;
  return !request.readableEnded && !request.stream.endAfterHeaders;
}
