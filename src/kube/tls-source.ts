/** TLS material gathered from its sources, as one object that changes only when one of them does. */
import { SvcdnsError } from '../errors.js';
import type { TlsMaterial } from './api-access.js';
import type { TextSource } from './text-source.js';

export interface TlsParts {
  readonly ca?: TextSource;
  readonly cert?: TextSource;
  readonly key?: TextSource;
  readonly insecure?: boolean;
  readonly serverName?: string;
  /** Named in errors. */
  readonly origin: string;
}

export class TlsSource {
  readonly #parts: TlsParts;
  #last: TlsMaterial | undefined;

  constructor(parts: TlsParts) {
    this.#parts = parts;
  }

  /** @throws SvcdnsError KUBE_CREDENTIALS when a part can't be read or is not PEM. */
  async read(): Promise<TlsMaterial> {
    const { ca, cert, key, insecure, serverName } = this.#parts;
    const next: TlsMaterial = {
      ...(ca === undefined ? {} : { ca: await this.#pem('certificate authority', ca) }),
      ...(cert === undefined ? {} : { cert: await this.#pem('client certificate', cert) }),
      ...(key === undefined ? {} : { key: await this.#pem('client key', key) }),
      insecure: insecure === true,
      ...(serverName === undefined ? {} : { serverName }),
    };
    const last = this.#last;
    if (last?.ca === next.ca && last?.cert === next.cert && last?.key === next.key && last) {
      return last;
    }
    this.#last = next;
    return next;
  }

  expire(): void {
    for (const part of [this.#parts.ca, this.#parts.cert, this.#parts.key]) part?.expire();
  }

  async #pem(what: string, source: TextSource): Promise<string> {
    const text = await source.read();
    if (text.includes('-----BEGIN ')) return text;
    throw new SvcdnsError('KUBE_CREDENTIALS', `the ${what} is not in PEM form`, {
      where: this.#parts.origin,
      mend: 'give a file, or base64 data of a text, that begins with -----BEGIN',
    });
  }
}
