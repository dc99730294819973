/** What a TLS server shows and whom it lets in, kept up to date while the server runs. */
import type { Server, TLSSocket, TlsOptions } from 'node:tls';
import type { Logger } from '../observe/logger.js';
import type { Certificate } from './certificate.js';
import { CertificateSource } from './certificate-source.js';
import type { ClientAuth, TlsSettings } from './tls-settings.js';

/** What an identity is made with. */
export interface TlsIdentityOptions {
  readonly settings: TlsSettings;
  readonly logger: Logger;
  /** How often the files are looked at, in milliseconds. */
  readonly certificateIntervalMs?: number;
}

/** Owns the certificate's source and the part of a server's options that depends on it. */
export class TlsIdentity {
  readonly #options: TlsIdentityOptions;
  #settings: TlsSettings;
  #source: CertificateSource;
  #certificate: Certificate;
  #server: Server | undefined;

  /** @throws SvcdnsError FILE_UNREADABLE or CERTIFICATE_INVALID */
  constructor(options: TlsIdentityOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#source = this.#newSource(options.settings);
    this.#certificate = this.#source.open();
  }

  /**
   * Options for the server. Whether a client's certificate will do is decided behind the handshake, so
   * that a reload can change it.
   */
  serverOptions(): TlsOptions {
    return { ...this.#contextOptions(), ...this.#requestOptions(), rejectUnauthorized: false };
  }

  /** Keeps the server's certificate up to date; destroys connections of clients that are not let in. */
  attach(server: Server): void {
    this.#server = server;
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (!isLetIn(socket, this.#settings.clientAuth)) socket.destroy();
    });
  }

  /**
   * Takes other settings over; connections that are open stay.
   * @throws SvcdnsError FILE_UNREADABLE or CERTIFICATE_INVALID; nothing is changed then
   */
  configure(settings: TlsSettings): void {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    const source = this.#newSource(settings);
    const certificate = source.open();
    this.#source.close();
    this.#source = source;
    this.#settings = settings;
    this.#serve(certificate);
  }

  close(): void {
    this.#source.close();
  }

  #newSource({ files }: TlsSettings): CertificateSource {
    const { logger, certificateIntervalMs } = this.#options;
    return new CertificateSource({
      files,
      logger,
      ...(certificateIntervalMs === undefined ? {} : { intervalMs: certificateIntervalMs }),
      onChange: (certificate) => this.#serve(certificate),
    });
  }

  /** A new context has ticket keys of its own: sessions that began under the old one are not resumed. */
  #serve(certificate: Certificate): void {
    this.#certificate = certificate;
    if (this.#server === undefined) return;
    this.#server.setSecureContext(this.#contextOptions());
    // the server reads its own property at each handshake
    Object.assign(this.#server, this.#requestOptions());
  }

  #contextOptions(): TlsOptions {
    const { cert, key, ca } = this.#certificate;
    return { cert, key, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) };
  }

  #requestOptions(): { readonly requestCert: boolean } {
    return { requestCert: this.#settings.clientAuth !== 'nocert' };
  }
}

/** Whether a client that has done its handshake may ask. */
function isLetIn(socket: TLSSocket, auth: ClientAuth): boolean {
  switch (auth) {
    case 'nocert':
    case 'request':
      return true;
    case 'require':
      return socket.getPeerX509Certificate() !== undefined;
    case 'verify_if_given':
      return socket.authorized || socket.getPeerX509Certificate() === undefined;
    case 'require_and_verify':
      return socket.authorized;
  }
}
