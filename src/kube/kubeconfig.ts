/** Access from a kubeconfig: the context's cluster and user, with certificates, tokens and exec plugins. */
import { SvcdnsError } from '../errors.js';
import type { ApiAccess, TlsMaterial } from './api-access.js';
import { ExecCredentialSource, execPluginOf } from './exec-credential.js';
import { type JsonObject, textAt } from './json-value.js';
import type { KubeClock } from './kube-clock.js';
import {
  invalid,
  type Kubeconfig,
  type KubeconfigEntry,
  pathOf,
  readKubeconfig,
} from './kubeconfig-file.js';
import { fixedText, RotatingFile, type TextSource } from './text-source.js';
import { TlsSource } from './tls-source.js';

export interface KubeconfigOptions {
  /** One file, or those that $KUBECONFIG lists. */
  readonly files: readonly string[];
  /** Empty: current-context. */
  readonly context: string;
  /** What exec plugins inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: KubeClock;
}

/**
 * The access that a context describes. Files are read once here, so that a wrong path is said at start;
 * exec plugins run first with the first request.
 * @throws SvcdnsError KUBECONFIG_INVALID with file and mend, KUBE_CREDENTIALS for unreadable files.
 */
export async function kubeconfigAccess(options: KubeconfigOptions): Promise<ApiAccess> {
  const config = await readKubeconfig(options.files);
  const { cluster, user, contextName } = select(config, options.context);
  const server = serverOf(cluster);
  const exec = user === undefined ? undefined : execPluginOf(user, clusterInfo(cluster));
  const source =
    exec === undefined ? undefined : new ExecCredentialSource(exec, options.env, options.clock);
  const tls = new TlsSource(tlsParts(cluster, user, options.clock));
  const header = user === undefined ? undefined : headerSource(user, options.clock);
  const merge = execTls();
  const access: ApiAccess = {
    server,
    origin: `${config.file} context ${contextName}`,
    tls: async () => merge(await tls.read(), source),
    authorization: async () => {
      if (header !== undefined) return header.read();
      const token = (await source?.read())?.token;
      return token === undefined ? undefined : `Bearer ${token}`;
    },
    refused: () => {
      header?.expire();
      source?.expire();
      tls.expire();
    },
  };
  await tls.read();
  await header?.read();
  return access;
}

interface Selection {
  readonly contextName: string;
  readonly cluster: KubeconfigEntry;
  readonly user: KubeconfigEntry | undefined;
}

function select(config: Kubeconfig, wanted: string): Selection {
  const contextName = wanted === '' ? config.currentContext : wanted;
  const names = [...config.contexts.keys()].join(', ') || 'none';
  if (contextName === '') {
    throw invalid(config.file, 'current-context is not set', `set it, or name one of: ${names}`);
  }
  const context = config.contexts.get(contextName);
  if (context === undefined) {
    throw invalid(config.file, `it has no context ${contextName}`, `name one of: ${names}`);
  }
  const clusterName = textAt(context.value, 'cluster');
  const cluster = config.clusters.get(clusterName);
  if (cluster === undefined) {
    throw invalid(
      context.file,
      `context ${contextName} names a cluster ${JSON.stringify(clusterName)} that is not there`,
      `name one of: ${[...config.clusters.keys()].join(', ') || 'none'}`,
    );
  }
  const userName = textAt(context.value, 'user');
  const user = config.users.get(userName);
  if (user === undefined && userName !== '') {
    throw invalid(
      context.file,
      `context ${contextName} names a user ${JSON.stringify(userName)} that is not there`,
      `name one of: ${[...config.users.keys()].join(', ') || 'none'}`,
    );
  }
  if (user !== undefined) refuseUnsupported(user);
  return { contextName, cluster, user };
}

/** Silently leaving one of these out would act with other rights than the operator meant. */
function refuseUnsupported(user: KubeconfigEntry): void {
  const where = `${user.file}: user ${user.name}`;
  if (user.value['auth-provider'] !== undefined) {
    throw invalid(where, 'auth-provider was removed from Kubernetes', 'use an exec plugin instead');
  }
  for (const field of ['as', 'as-uid', 'as-groups', 'as-user-extra']) {
    if (user.value[field] !== undefined) {
      throw invalid(where, `impersonation (${field}) is not supported`, 'give the user own rights');
    }
  }
}

function serverOf(cluster: KubeconfigEntry): string {
  const where = `${cluster.file}: cluster ${cluster.name}`;
  const server = textAt(cluster.value, 'server');
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw invalid(where, `server ${JSON.stringify(server)} is no URL`, 'write https://HOST:PORT');
  }
  if (textAt(cluster.value, 'proxy-url') !== '') {
    throw invalid(where, 'proxy-url is not supported', 'name a server that is reached directly');
  }
  return server.replace(/\/+$/, '');
}

function tlsParts(
  cluster: KubeconfigEntry,
  user: KubeconfigEntry | undefined,
  clock: KubeClock,
): ConstructorParameters<typeof TlsSource>[0] {
  const ca = pemSource(cluster, 'certificate-authority', clock);
  const cert = user === undefined ? undefined : pemSource(user, 'client-certificate', clock);
  const key = user === undefined ? undefined : pemSource(user, 'client-key', clock);
  if (user !== undefined && (cert === undefined) !== (key === undefined)) {
    throw invalid(
      `${user.file}: user ${user.name}`,
      'client-certificate and client-key belong together',
      'give both or neither',
    );
  }
  const insecure = cluster.value['insecure-skip-tls-verify'] === true;
  if (insecure && ca !== undefined) {
    throw invalid(
      `${cluster.file}: cluster ${cluster.name}`,
      'insecure-skip-tls-verify contradicts certificate-authority',
      'drop insecure-skip-tls-verify',
    );
  }
  const serverName = textAt(cluster.value, 'tls-server-name');
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    insecure,
    ...(serverName === '' ? {} : { serverName }),
    origin: cluster.file,
  };
}

/** `FIELD-data` (base64) goes before `FIELD` (a path), as in client-go. */
function pemSource(
  entry: KubeconfigEntry,
  field: string,
  clock: KubeClock,
): TextSource | undefined {
  const data = textAt(entry.value, `${field}-data`);
  if (data !== '') {
    const text = Buffer.from(data, 'base64').toString('utf8');
    if (text.includes('-----BEGIN ')) return fixedText(text);
    throw invalid(
      `${entry.file}: ${entry.name}`,
      `${field}-data is not the base64 form of a PEM text`,
      `encode the file with base64, or give its path as ${field}`,
    );
  }
  const path = textAt(entry.value, field);
  return path === '' ? undefined : new RotatingFile(pathOf(entry, path), clock);
}

/** The user's own header: tokenFile before token (client-go), then name and password. */
function headerSource(user: KubeconfigEntry, clock: KubeClock): TextSource | undefined {
  const tokenFile = textAt(user.value, 'tokenFile');
  if (tokenFile !== '') {
    const file = new RotatingFile(pathOf(user, tokenFile), clock);
    return {
      read: async () => `Bearer ${(await file.read()).trim()}`,
      expire: () => file.expire(),
    };
  }
  const token = textAt(user.value, 'token');
  if (token !== '') return fixedText(`Bearer ${token}`);
  const name = textAt(user.value, 'username');
  if (name === '') return undefined;
  const pair = Buffer.from(`${name}:${textAt(user.value, 'password')}`, 'utf8').toString('base64');
  return fixedText(`Basic ${pair}`);
}

/** ExecCredential's spec.cluster: what the plugin may need to reach the same cluster. */
function clusterInfo(cluster: KubeconfigEntry): JsonObject {
  const { value } = cluster;
  return {
    server: value['server'],
    'tls-server-name': value['tls-server-name'],
    'insecure-skip-tls-verify': value['insecure-skip-tls-verify'],
    'certificate-authority-data': value['certificate-authority-data'],
  };
}

/** A plugin's certificate over the kubeconfig's material, as one object while neither changes. */
function execTls(): (
  base: TlsMaterial,
  source: ExecCredentialSource | undefined,
) => Promise<TlsMaterial> {
  let last: { base: TlsMaterial; merged: TlsMaterial } | undefined;
  return async (base, source) => {
    const credential = await source?.read();
    if (credential?.cert === undefined || credential.key === undefined) return base;
    const { cert, key } = credential;
    if (last?.base === base && last.merged.cert === cert && last.merged.key === key) {
      return last.merged;
    }
    last = { base, merged: { ...base, cert, key } };
    return last.merged;
  };
}

/** Files of $KUBECONFIG, in order, empty parts left out. */
export function kubeconfigFiles(variable: string): readonly string[] {
  const files = variable.split(':').filter((part) => part !== '');
  if (files.length > 0) return files;
  throw new SvcdnsError('KUBECONFIG_INVALID', '$KUBECONFIG names no file', {
    where: 'environment',
    mend: 'set it to the path of a kubeconfig',
  });
}
