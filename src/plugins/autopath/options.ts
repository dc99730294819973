/** Options of the autopath directive: plain data. */

/** Where a client's search list comes from. */
export type SearchSource =
  /** The client's namespace, then `domains`: what this machine's own resolv.conf searches. */
  | { readonly kind: 'kubernetes'; readonly domains: readonly string[] }
  /** A file in resolv.conf form, the same for all clients. */
  | { readonly kind: 'file'; readonly domains: readonly string[] };

export interface AutopathOptions {
  /** Canonical; names outside of them are left alone. */
  readonly zones: readonly string[];
  readonly source: SearchSource;
}
