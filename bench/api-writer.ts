/** Writes many objects to the API server fast: raw HTTPS over kept connections, nothing between. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

/** Where and as whom to write. */
export interface ApiWriterOptions {
  readonly server: string;
  readonly token: string;
  /** PEM file. */
  readonly certificateAuthority: string;
  readonly connections: number;
}

/** One request. */
export interface ApiCall {
  readonly method: 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly path: string;
  readonly body?: object;
}

export class ApiWriter {
  readonly #options: ApiWriterOptions;
  readonly #agent: Agent;

  constructor(options: ApiWriterOptions) {
    this.#options = options;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: options.connections,
      ca: readFileSync(options.certificateAuthority),
    });
  }

  /**
   * One call; gives the reply's text.
   * @throws Error with the server's words for any status from 300 on
   */
  async send({ method, path, body }: ApiCall): Promise<string> {
    const { server, token } = this.#options;
    const type =
      method === 'PATCH' ? 'application/merge-patch+json' : 'application/json; charset=utf-8';
    return new Promise((resolve, reject) => {
      const sent = request(
        `${server}${path}`,
        {
          agent: this.#agent,
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': type },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => {
            if ((response.statusCode ?? 500) < 300) resolve(text);
            else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
          });
        },
      );
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** All calls, as many at once as there are connections; the order is not kept. */
  async sendAll(calls: Iterable<ApiCall>): Promise<void> {
    const queue = calls[Symbol.iterator]();
    const drain = async (): Promise<void> => {
      for (let next = queue.next(); next.done !== true; next = queue.next()) {
        await this.send(next.value);
      }
    };
    await Promise.all(Array.from({ length: this.#options.connections }, drain));
  }

  close(): void {
    this.#agent.destroy();
  }
}
