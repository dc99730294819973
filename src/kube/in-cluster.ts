/** Access by the service account that Kubernetes mounts into every pod ("Accessing the API from a Pod"). */
import { SvcdnsError } from '../errors.js';
import type { ApiAccess } from './api-access.js';
import type { KubeClock } from './kube-clock.js';
import { RotatingFile } from './text-source.js';
import { TlsSource } from './tls-source.js';

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface InClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: KubeClock;
  /** Folder with `token` and `ca.crt`. */
  readonly directory?: string;
}

/** Whether the environment is that of a pod. */
export function isInCluster(env: InClusterOptions['env']): boolean {
  return (env['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
}

/**
 * The access of the pod's service account; token and CA are read again as they rotate.
 * @throws SvcdnsError KUBE_CREDENTIALS when the environment or the mounted files don't hold it.
 */
export async function inClusterAccess(options: InClusterOptions): Promise<ApiAccess> {
  const directory = options.directory ?? SERVICE_ACCOUNT_DIRECTORY;
  const origin = `in-cluster service account ${directory}`;
  const token = new RotatingFile(`${directory}/token`, options.clock);
  const tls = new TlsSource({
    ca: new RotatingFile(`${directory}/ca.crt`, options.clock),
    origin: `${directory}/ca.crt`,
  });
  const access: ApiAccess = {
    server: serverUrl(options.env),
    origin,
    tls: () => tls.read(),
    authorization: async () => `Bearer ${(await token.read()).trim()}`,
    refused: () => token.expire(),
  };
  await access.tls();
  await access.authorization();
  return access;
}

function serverUrl(env: InClusterOptions['env']): string {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (host !== '' && /^\d{1,5}$/.test(port) && URL.canParse(url)) return url;
  throw new SvcdnsError(
    'KUBE_CREDENTIALS',
    'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT give no address of the API server',
    { where: 'environment', mend: 'run inside of a pod, or name a kubeconfig in the Corefile' },
  );
}
