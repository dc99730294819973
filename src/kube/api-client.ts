/** The only door to axios: streams of bytes from the Kubernetes API, with credentials, TLS and an idle timer. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { SvcdnsError } from '../errors.js';
import type { ApiAccess, TlsMaterial } from './api-access.js';
import { type ApiFailure, type ApiTarget, apiFailure, failureOfStatus } from './api-failure.js';
import { parseJson } from './json-value.js';
import type { KubeClock } from './kube-clock.js';

export interface ApiClientOptions {
  readonly access: ApiAccess;
  readonly clock: KubeClock;
  /** Sent as User-Agent. */
  readonly userAgent: string;
  /** Told about each answer, for metrics. */
  readonly onResponse?: (response: ApiResponseReport) => void;
}

/** One answered (or failed) request. */
export interface ApiResponseReport {
  readonly verb: 'list' | 'watch';
  /** Host and port of the server. */
  readonly host: string;
  /** HTTP status, 0 when there was no answer. */
  readonly status: number;
  /** Milliseconds until the head of the answer was in. */
  readonly durationMs: number;
}

/** A GET whose body is read as a stream. */
export interface ApiRequest {
  readonly target: Omit<ApiTarget, 'server'>;
  readonly query: Readonly<Record<string, string>>;
  /** Media types instead of plain JSON. */
  readonly accept?: string;
  /** Milliseconds until the head of the answer has to be in. */
  readonly openMs: number;
  /** Milliseconds between two pieces of the body; there is no deadline for the whole. */
  readonly idleMs: () => number;
  readonly signal: AbortSignal;
  /** Called when a success has begun. */
  readonly onOpen?: () => void;
  /** Called for each piece; the next one waits for it. A failure that comes back ends the stream with it. */
  readonly onChunk: (chunk: Buffer) => ApiFailure | undefined | Promise<ApiFailure | undefined>;
}

/** What a body of an error may have; Status objects are below 1 KiB. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

/** Requests to one API server over connections that are kept. */
export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #axios: AxiosInstance;
  readonly #httpAgent = new HttpAgent({ keepAlive: true });
  #httpsAgent: HttpsAgent | undefined;
  #material: TlsMaterial | undefined;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#axios = axios.create({
      baseURL: options.access.server,
      responseType: 'stream',
      // statuses are classified here; redirects would carry the token to another host
      validateStatus: () => true,
      maxRedirects: 0,
      // HTTP_PROXY of the pod's environment is meant for outside traffic
      proxy: false,
      timeout: 0,
      headers: { 'User-Agent': options.userAgent },
    });
  }

  get server(): string {
    return this.#options.access.server;
  }

  /** Runs a request to the end of its body: undefined for a clean end, otherwise why it ended. */
  async stream(request: ApiRequest): Promise<ApiFailure | undefined> {
    if (request.signal.aborted) return apiFailure('aborted', 'shut down');
    const hangUp = new AbortController();
    const onAbort = (): void => hangUp.abort();
    request.signal.addEventListener('abort', onAbort);
    const idle = new IdleTimer(this.#options.clock, () => hangUp.abort());
    try {
      idle.arm(request.openMs);
      return await this.#exchange(request, idle, hangUp.signal);
    } catch (error) {
      if (request.signal.aborted) return apiFailure('aborted', 'shut down');
      if (idle.fired) return idleFailure(request, idle.armedMs);
      return failureOfError(request, this.server, error);
    } finally {
      idle.disarm();
      request.signal.removeEventListener('abort', onAbort);
      hangUp.abort();
    }
  }

  /** Closes kept connections; running requests end by their signals. */
  close(): void {
    this.#httpAgent.destroy();
    this.#httpsAgent?.destroy();
  }

  async #exchange(
    request: ApiRequest,
    idle: IdleTimer,
    signal: AbortSignal,
  ): Promise<ApiFailure | undefined> {
    const response = await this.#open(request, signal);
    const body = bodyOf(response);
    if (response.status !== 200) return this.#refusal(request, response, body);
    request.onOpen?.();
    idle.arm(request.idleMs());
    for await (const chunk of body) {
      idle.disarm();
      const failure = await request.onChunk(bytesOf(chunk));
      if (failure !== undefined) {
        body.destroy();
        return failure;
      }
      idle.arm(request.idleMs());
    }
    return undefined;
  }

  async #open(request: ApiRequest, signal: AbortSignal): Promise<AxiosResponse<unknown>> {
    const { access, clock } = this.#options;
    const { verb, resource } = request.target;
    const httpsAgent = this.#agentFor(await access.tls());
    const authorization = await access.authorization();
    const startedAt = clock.now();
    let status = 0;
    try {
      const response = await this.#axios.get<unknown>(resource.path, {
        params: request.query,
        httpAgent: this.#httpAgent,
        httpsAgent,
        signal,
        headers: {
          Accept: request.accept ?? 'application/json',
          // a watch is many small pieces; servers compress lists only
          'Accept-Encoding': verb === 'list' ? 'gzip' : 'identity',
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
      });
      status = response.status;
      return response;
    } finally {
      const { host } = new URL(this.server);
      this.#options.onResponse?.({ verb, host, status, durationMs: clock.now() - startedAt });
    }
  }

  async #refusal(
    request: ApiRequest,
    response: AxiosResponse<unknown>,
    body: Readable,
  ): Promise<ApiFailure> {
    const text = await readBounded(body, MAX_ERROR_BODY_BYTES);
    if (response.status === 401) this.#options.access.refused();
    const retryAfter = response.headers['retry-after'];
    return failureOfStatus(
      { ...request.target, server: this.server },
      response.status,
      parseJson(text),
      typeof retryAfter === 'string' ? retryAfter : '',
    );
  }

  /** One agent for one set of material; connections under an older certificate are given up, as client-go does. */
  #agentFor(material: TlsMaterial): HttpsAgent {
    if (this.#httpsAgent !== undefined && this.#material === material) return this.#httpsAgent;
    this.#httpsAgent?.destroy();
    this.#material = material;
    this.#httpsAgent = new HttpsAgent({
      keepAlive: true,
      rejectUnauthorized: !material.insecure,
      ...(material.ca === undefined ? {} : { ca: material.ca }),
      ...(material.cert === undefined ? {} : { cert: material.cert }),
      ...(material.key === undefined ? {} : { key: material.key }),
      ...(material.serverName === undefined ? {} : { servername: material.serverName }),
    });
    return this.#httpsAgent;
  }
}

/** Fires once when it was not armed again in time. */
class IdleTimer {
  readonly #clock: KubeClock;
  readonly #onIdle: () => void;
  #cancel: (() => void) | undefined;
  fired = false;
  armedMs = 0;

  constructor(clock: KubeClock, onIdle: () => void) {
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  arm(delayMs: number): void {
    this.disarm();
    this.armedMs = delayMs;
    this.#cancel = this.#clock.after(delayMs, () => {
      this.fired = true;
      this.#onIdle();
    });
  }

  disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

function bodyOf(response: AxiosResponse<unknown>): Readable {
  const { data } = response;
  if (data instanceof Readable) return data;
  throw new Error('axios gave no stream');
}

function bytesOf(chunk: unknown): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
}

async function readBounded(body: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = bytesOf(chunk);
    size += bytes.length;
    if (size > maxBytes) break;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function idleFailure(request: ApiRequest, afterMs: number): ApiFailure {
  const { verb, resource } = request.target;
  return apiFailure('idle', `${verb} ${resource.resource}: nothing came for ${afterMs / 1000} s`);
}

/** Codes of node:tls that mean a certificate, not a network. */
const CERTIFICATE_FAULT = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|HOSTNAME/;

function failureOfError(request: ApiRequest, server: string, error: unknown): ApiFailure {
  const { verb, resource } = request.target;
  const what = `${verb} ${resource.resource}`;
  if (error instanceof SvcdnsError) {
    return apiFailure('credentials', `${what}: ${error.line}`, { code: error.code });
  }
  const code = codeOf(error);
  const text = error instanceof Error && error.message !== '' ? error.message : code;
  if (code === 'ECONNRESET' && /aborted/.test(text)) {
    return apiFailure('truncated', `${what}: the connection broke in the middle of the stream`);
  }
  if (CERTIFICATE_FAULT.test(code)) {
    return apiFailure('network', `${what}: no trusted TLS connection to ${server}: ${text}`, {
      mend: 'check certificate-authority, the certificates and the clock',
    });
  }
  return apiFailure('network', `${what}: no connection to ${server}: ${text}`);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? '' : codeOf(error.cause);
}
