/** `svcdns env`: the service variables that a container starting in a namespace would get. */
import { resolve } from 'node:path';
import { SvcdnsError } from '../errors.js';
import { resolveAccess } from '../kube/access.js';
import type { ApiAccess } from '../kube/api-access.js';
import { ApiClient } from '../kube/api-client.js';
import { cutObject } from '../kube/cut-object.js';
import { isInCluster } from '../kube/in-cluster.js';
import { Interner } from '../kube/interner.js';
import { type KubeClock, systemKubeClock } from '../kube/kube-clock.js';
import { KUBE_RESOURCES } from '../kube/kube-resource.js';
import { readList } from '../kube/list-stream.js';
import type { KubeService } from '../kube/objects.js';
import { serviceVariables } from '../records/service-variables.js';
import type { CommandIo } from './command.js';
import { ENV_USAGE, type EnvArguments, parseEnvArguments } from './env-arguments.js';
import { formatVariables } from './env-output.js';
import { packageVersion } from './version.js';

/** Longer than a loaded API server takes for a page, shorter than a person waits. */
const IDLE_MS = 15_000;

/**
 * Prints the variables.
 * @throws SvcdnsError CLI_USAGE, KUBECONFIG_INVALID, KUBE_CREDENTIALS, KUBE_FORBIDDEN, KUBE_UNREACHABLE
 */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const args = parseEnvArguments(argv);
  if (args === undefined) {
    io.stdout(ENV_USAGE);
    return 0;
  }
  const clock = systemKubeClock();
  const access = await accessFor(args, io, clock);
  const services = await listServices(access, clock, io.signal);
  const { namespace, serviceLinks, startedAt } = args;
  const variables = serviceVariables(services, {
    namespace,
    serviceLinks,
    ...(startedAt === undefined ? {} : { startedAt }),
  });
  for (const { name, service, rivals } of variables) {
    if (rivals.length === 0) continue;
    const others = [...rivals, service].join(', ');
    io.stderr(`svcdns: ${name}: ${others} lay claim to it; a container gets it from any of them\n`);
  }
  io.stdout(formatVariables(variables, args.format));
  return 0;
}

/** @throws SvcdnsError KUBECONFIG_INVALID or KUBE_CREDENTIALS */
async function accessFor(
  { kubeconfig }: EnvArguments,
  { env, cwd }: CommandIo,
  clock: KubeClock,
): Promise<ApiAccess> {
  if (kubeconfig !== undefined) {
    return resolveAccess({ kubeconfig: { file: resolve(cwd, kubeconfig) } }, { env, clock });
  }
  if (!isInCluster(env) && (env['KUBECONFIG'] ?? '') === '') {
    throw new SvcdnsError('KUBE_CREDENTIALS', 'nothing says which cluster is meant', {
      mend: 'name its kubeconfig with --kubeconfig FILE or in $KUBECONFIG; svcdns demo prints the path of its own',
    });
  }
  return resolveAccess({}, { env, clock });
}

/** All services, in one list (in pages where there are many), as the kubelet looks at all of them. */
async function listServices(
  access: ApiAccess,
  clock: KubeClock,
  signal: AbortSignal,
): Promise<Iterable<KubeService>> {
  const client = new ApiClient({ access, clock, userAgent: `svcdns/${packageVersion()} env` });
  const interner = new Interner();
  const services = new Map<string, KubeService>();
  try {
    const result = await readList({
      client,
      clock,
      resource: KUBE_RESOURCES.Service,
      query: {},
      resourceVersion: '',
      idleMs: IDLE_MS,
      signal,
      onItem: (item) => {
        const { object } = cutObject('Service', item, interner);
        if (object?.kind === 'Service') services.set(`${object.namespace}/${object.name}`, object);
      },
      onRestart: () => services.clear(),
    });
    if (result.ok) return services.values();
    const { code, message, mend } = result.failure;
    throw new SvcdnsError(code, message, {
      where: access.origin,
      ...(mend === '' ? {} : { mend }),
    });
  } finally {
    client.close();
  }
}
