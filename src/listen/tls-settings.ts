/** How a TLS listener shows itself and whom it lets in (CoreDNS plugin/tls). Plain data. */

/** PEM files by absolute path. */
export interface CertificateFiles {
  /** The server's certificate, with those of the authorities between it and the root behind it. */
  readonly cert: string;
  readonly key: string;
  /** The authorities that client certificates are checked against; those of Node without it. */
  readonly ca?: string;
}

/** What is asked of clients, by Go's names for it. */
export const CLIENT_AUTH = [
  /** No certificate is asked for. */
  'nocert',
  /** One is asked for and not looked at. */
  'request',
  /** Any will do, but there has to be one. */
  'require',
  /** If there is one, it has to be good. */
  'verify_if_given',
  'require_and_verify',
] as const;
export type ClientAuth = (typeof CLIENT_AUTH)[number];

export interface TlsSettings {
  readonly files: CertificateFiles;
  readonly clientAuth: ClientAuth;
}
