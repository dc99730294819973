/** Which access a kubernetes directive gets: its own kubeconfig or endpoint, the pod's account, $KUBECONFIG. */
import { SvcdnsError } from '../errors.js';
import type { KubernetesAccess } from '../plugins/kubernetes/options.js';
import type { ApiAccess } from './api-access.js';
import { inClusterAccess, isInCluster } from './in-cluster.js';
import type { KubeClock } from './kube-clock.js';
import { kubeconfigAccess, kubeconfigFiles } from './kubeconfig.js';
import { RotatingFile } from './text-source.js';
import { TlsSource } from './tls-source.js';

export interface AccessEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: KubeClock;
  /** Folder of the mounted service account, another one only in tests. */
  readonly serviceAccountDirectory?: string;
}

/**
 * Resolves in this order: `kubeconfig`, `endpoint` (with `tls`), in-cluster service account, $KUBECONFIG.
 * @throws SvcdnsError KUBECONFIG_INVALID or KUBE_CREDENTIALS with what to mend.
 */
export async function resolveAccess(
  access: KubernetesAccess,
  environment: AccessEnvironment,
): Promise<ApiAccess> {
  const { env, clock } = environment;
  if (access.kubeconfig !== undefined) {
    const { file, context } = access.kubeconfig;
    return kubeconfigAccess({ files: [file], context: context ?? '', env, clock });
  }
  if (access.endpoint !== undefined) return endpointAccess(access.endpoint, access.tls, clock);
  if (isInCluster(env)) {
    const directory = environment.serviceAccountDirectory;
    return inClusterAccess({ env, clock, ...(directory === undefined ? {} : { directory }) });
  }
  const variable = env['KUBECONFIG'] ?? '';
  if (variable !== '') {
    return kubeconfigAccess({ files: kubeconfigFiles(variable), context: '', env, clock });
  }
  throw new SvcdnsError('KUBE_CREDENTIALS', 'nothing says how to reach the Kubernetes API', {
    mend: 'run inside of a pod, set $KUBECONFIG, or write kubeconfig FILE in the kubernetes block',
  });
}

/** `endpoint URL` and `tls CERT KEY CA`; a URL without a scheme is plain HTTP, as in client-go. */
async function endpointAccess(
  endpoint: string,
  files: KubernetesAccess['tls'],
  clock: KubeClock,
): Promise<ApiAccess> {
  const server = (endpoint.includes('://') ? endpoint : `http://${endpoint}`).replace(/\/+$/, '');
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw new SvcdnsError('KUBE_CREDENTIALS', `endpoint ${JSON.stringify(endpoint)} is no URL`, {
      mend: 'write https://HOST:PORT',
    });
  }
  const tls = new TlsSource({
    ...(files === undefined
      ? {}
      : {
          cert: new RotatingFile(files.cert, clock),
          key: new RotatingFile(files.key, clock),
          ca: new RotatingFile(files.ca, clock),
        }),
    origin: `endpoint ${server}`,
  });
  await tls.read();
  return {
    server,
    origin: `endpoint ${server}`,
    tls: () => tls.read(),
    authorization: async () => undefined,
    refused: () => tls.expire(),
  };
}
