/** A certificate that follows its files: renewed ones are served without a restart. */
import { type Stats, statSync } from 'node:fs';
import { SvcdnsError } from '../errors.js';
import type { Logger } from '../observe/logger.js';
import { type Certificate, certificateSummary, readCertificate } from './certificate.js';
import type { CertificateFiles } from './tls-settings.js';

/** How often the files are looked at; renewals have days, and three stats cost nothing. */
export const CERTIFICATE_INTERVAL_MS = 5_000;

/** What a source is made with. */
export interface CertificateSourceOptions {
  readonly files: CertificateFiles;
  readonly logger: Logger;
  readonly intervalMs?: number;
  /** Called with each certificate that takes the place of another. */
  onChange(certificate: Certificate): void;
}

/**
 * Looks at what the paths lead to, so that the symlink swap of a Secret's volume is a change. A pair that
 * cannot be served is told once, and the one before stays in use; a pair in the middle of being written
 * is given until the next look.
 */
export class CertificateSource {
  readonly #options: CertificateSourceOptions;
  #timer: NodeJS.Timeout | undefined;
  /** What the files looked like when they were last read with success. */
  #served = '';
  /** What they looked like when they could not be served, and whether that was told. */
  #broken = '';
  #told = false;

  constructor(options: CertificateSourceOptions) {
    this.#options = options;
  }

  /**
   * Reads the files and starts to follow them.
   * @throws SvcdnsError FILE_UNREADABLE or CERTIFICATE_INVALID
   */
  open(): Certificate {
    // the stamp is older than the texts: a change in between is seen at the next look
    this.#served = stampOf(this.#options.files);
    const certificate = readCertificate(this.#options.files);
    this.#tell(certificate, 'certificate in use');
    const { intervalMs = CERTIFICATE_INTERVAL_MS } = this.#options;
    this.#timer = setInterval(() => this.#look(), intervalMs).unref();
    return certificate;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { files, onChange } = this.#options;
    const stamp = stampOf(files);
    if (stamp === this.#served || (stamp === this.#broken && this.#told)) return;
    let certificate: Certificate;
    try {
      certificate = readCertificate(files);
    } catch (error) {
      this.#refuse(stamp, error);
      return;
    }
    this.#served = stamp;
    this.#broken = '';
    this.#tell(certificate, 'certificate renewed');
    onChange(certificate);
  }

  #refuse(stamp: string, error: unknown): void {
    this.#told = stamp === this.#broken;
    this.#broken = stamp;
    if (!this.#told) return;
    const reason = error instanceof SvcdnsError ? error.line : String(error);
    const { files, logger } = this.#options;
    logger.error(
      { ...files, reason },
      'the new certificate cannot be served: the one before stays in use',
    );
  }

  #tell({ cert }: Certificate, what: string): void {
    const { files, logger } = this.#options;
    const { subject, names, validTo } = certificateSummary(cert);
    const fields = { cert: files.cert, subject, names, validTo: validTo.toISOString() };
    if (validTo.getTime() < Date.now()) {
      logger.warn(fields, `${what}, but it has expired: clients will refuse it`);
    } else {
      logger.info(fields, what);
    }
  }
}

/** Equal as long as no file is replaced or written. */
function stampOf({ cert, key, ca }: CertificateFiles): string {
  return [cert, key, ca]
    .map((path) => {
      const stats: Stats | undefined =
        path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return '-';
      const { dev, ino, size, mtimeMs, ctimeMs } = stats;
      return `${dev}/${ino}/${size}/${mtimeMs}/${ctimeMs}`;
    })
    .join(' ');
}
