/** What a request to the API needs: where to, over which TLS material, as whom. */

/** PEM texts and switches of a TLS connection; the same object as long as nothing has changed. */
export interface TlsMaterial {
  /** Undefined: the system's own authorities. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** True only where the operator wrote insecure-skip-tls-verify. */
  readonly insecure: boolean;
  /** Name to check the certificate against instead of the URL's host. */
  readonly serverName?: string;
}

/** One way to reach one API server. Credentials are asked for before each request, because they rotate. */
export interface ApiAccess {
  /** Absolute URL without a final slash. */
  readonly server: string;
  /** Where the access comes from, for logs: a file and context, "in-cluster service account", a directive. */
  readonly origin: string;
  /** @throws SvcdnsError KUBE_CREDENTIALS when a file or a plugin gives nothing usable. */
  tls(): Promise<TlsMaterial>;
  /** The Authorization header, or undefined. @throws SvcdnsError KUBE_CREDENTIALS likewise. */
  authorization(): Promise<string | undefined>;
  /** The server answered 401: what was cached is asked for anew at the next request. */
  refused(): void;
}
