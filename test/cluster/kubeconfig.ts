/** A kubeconfig for one identity by token. */
import { writeFileSync } from 'node:fs';

export interface KubeconfigOptions {
  readonly file: string;
  readonly server: string;
  /** PEM file that vouches for the API server. */
  readonly certificateAuthority: string;
  readonly user: string;
  readonly token: string;
}

/** Writes it, readable by its owner only, and gives the path. */
export function writeKubeconfig(options: KubeconfigOptions): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'cluster',
    clusters: [
      {
        name: 'cluster',
        cluster: { server: options.server, 'certificate-authority': options.certificateAuthority },
      },
    ],
    users: [{ name: options.user, user: { token: options.token } }],
    contexts: [{ name: 'cluster', context: { cluster: 'cluster', user: options.user } }],
  };
  // JSON is YAML, so kubectl and client-go read it as it is.
  writeFileSync(options.file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return options.file;
}
