/** A server's certificate as read from its files, and whether it can be served. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type Place, SvcdnsError } from '../errors.js';
import type { CertificateFiles } from './tls-settings.js';

/** PEM texts that belong together. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/**
 * Reads the files.
 * @throws SvcdnsError FILE_UNREADABLE or CERTIFICATE_INVALID
 */
export function readCertificate({ cert, key, ca }: CertificateFiles): Certificate {
  const certificate = {
    cert: readText(cert),
    key: readText(key),
    ...(ca === undefined ? {} : { ca: readText(ca) }),
  };
  checkCertificate(certificate, cert);
  return certificate;
}

/**
 * Makes sure that a handshake can be done with it; how long it is valid is another matter.
 * @throws SvcdnsError CERTIFICATE_INVALID
 */
export function checkCertificate({ cert, key, ca }: Certificate, where: Place | string): void {
  const check = (what: string, mend: string, test: () => unknown): void => {
    try {
      test();
    } catch (cause) {
      throw new SvcdnsError('CERTIFICATE_INVALID', what, { where, mend, cause });
    }
  };
  // an empty text would pass createSecureContext
  check('the certificate is no PEM', 'name a file that begins with BEGIN CERTIFICATE', () => {
    return new X509Certificate(cert);
  });
  check('the key cannot be read', 'name a PEM key without a passphrase', () => {
    return createPrivateKey(key);
  });
  check('the CA certificate is no PEM', 'name a file that begins with BEGIN CERTIFICATE', () => {
    return ca === undefined ? undefined : new X509Certificate(ca);
  });
  check('key and certificate do not belong together', 'name the files of one pair', () => {
    return createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) });
  });
}

/** Whom a certificate names and until when it is valid: for the log. */
export function certificateSummary(cert: string): {
  readonly subject: string;
  readonly names: string;
  readonly validTo: Date;
} {
  const { subject, subjectAltName = '', validTo } = new X509Certificate(cert);
  return { subject, names: subjectAltName, validTo: new Date(validTo) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SvcdnsError('FILE_UNREADABLE', `cannot read ${path}`, {
      mend: 'check that the file exists and that the server may read it',
      cause,
    });
  }
}
