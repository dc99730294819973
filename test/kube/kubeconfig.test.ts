/** Access to the API: kubeconfig files, exec plugins, service accounts, and their faults. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SvcdnsError } from '../../src/errors.js';
import { resolveAccess } from '../../src/kube/access.js';
import type { ApiAccess } from '../../src/kube/api-access.js';
import type { KubernetesAccess } from '../../src/plugins/kubernetes/options.js';
import { HandClock } from './hand-clock.js';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const PEM_DATA = Buffer.from(PEM).toString('base64');

let folder: string;
let clock: HandClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'svcdns-kubeconfig-'));
  clock = new HandClock();
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Writes a kubeconfig whose context `main` joins this cluster and user (both as JSON, which is YAML). */
async function write(cluster: object, user?: object, name = 'config'): Promise<string> {
  const file = join(folder, name);
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'main',
      clusters: [{ name: 'one', cluster: { server: 'https://192.0.2.1:6443', ...cluster } }],
      contexts: [
        {
          name: 'main',
          context: { cluster: 'one', ...(user === undefined ? {} : { user: 'me' }) },
        },
      ],
      ...(user === undefined ? {} : { users: [{ name: 'me', user }] }),
    }),
  );
  return file;
}

function resolve(access: KubernetesAccess, env: Record<string, string> = {}): Promise<ApiAccess> {
  return resolveAccess(access, { env, clock, serviceAccountDirectory: folder });
}

async function access(cluster: object, user?: object): Promise<ApiAccess> {
  return resolve({ kubeconfig: { file: await write(cluster, user) } });
}

/** The error's line, without the folder. */
async function fault(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SvcdnsError)) throw new Error(`no SvcdnsError: ${String(error)}`);
  return `${error.code} ${error.line.replaceAll(folder, '')}`;
}

describe('a kubeconfig', () => {
  it('gives the server, certificates from data and a token', async () => {
    const it = await access(
      {
        server: 'https://192.0.2.1:6443/k8s/',
        'certificate-authority-data': PEM_DATA,
        'tls-server-name': 'api',
      },
      { 'client-certificate-data': PEM_DATA, 'client-key-data': PEM_DATA, token: 'secret' },
    );
    expect(it.server).toBe('https://192.0.2.1:6443/k8s');
    expect(it.origin).toBe(`${join(folder, 'config')} context main`);
    expect(await it.tls()).toEqual({
      ca: PEM,
      cert: PEM,
      key: PEM,
      insecure: false,
      serverName: 'api',
    });
    expect(await it.tls()).toBe(await it.tls());
    expect(await it.authorization()).toBe('Bearer secret');
  });

  it('resolves paths from its own folder and reads certificates again when they are renewed', async () => {
    await mkdir(join(folder, 'pki'));
    await writeFile(join(folder, 'pki/ca.crt'), PEM);
    const it = await access({ 'certificate-authority': 'pki/ca.crt' });
    const before = await it.tls();
    await writeFile(join(folder, 'pki/ca.crt'), `${PEM}# renewed`);
    expect(await it.tls()).toBe(before);
    clock.advance(10_000);
    expect((await it.tls()).ca).toBe(`${PEM}# renewed`);
  });

  it('reads a token file again after ten seconds, at once after a refusal, and outlives its loss', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'one\n');
    const it = await access({}, { token: 'fixed', tokenFile: 'token' });
    await writeFile(file, 'two\n');
    expect(await it.authorization()).toBe('Bearer one');
    clock.advance(10_000);
    expect(await it.authorization()).toBe('Bearer two');
    await writeFile(file, 'three');
    it.refused();
    expect(await it.authorization()).toBe('Bearer three');
    await rm(file);
    clock.advance(10_000);
    expect(await it.authorization()).toBe('Bearer three');
  });

  it('takes the context that is named instead of the current one', async () => {
    const file = join(folder, 'config');
    await writeFile(
      file,
      [
        'current-context: a',
        'clusters:',
        '- {name: c1, cluster: {server: "http://192.0.2.1"}}',
        '- {name: c2, cluster: {server: "http://192.0.2.2"}}',
        'contexts:',
        '- {name: a, context: {cluster: c1}}',
        '- {name: b, context: {cluster: c2}}',
      ].join('\n'),
    );
    expect((await resolve({ kubeconfig: { file, context: 'b' } })).server).toBe('http://192.0.2.2');
    expect(await fault(resolve({ kubeconfig: { file, context: 'z' } }))).toBe(
      'KUBECONFIG_INVALID /config: it has no context z (name one of: a, b)',
    );
  });

  it('in several files is merged, and files that are not there are passed over', async () => {
    const first = join(folder, 'first');
    await writeFile(first, 'current-context: main\n');
    const second = await write({ server: 'http://192.0.2.7' }, { token: 't' });
    const it = await resolve({}, { KUBECONFIG: `${first}:${join(folder, 'none')}:${second}` });
    expect(it.server).toBe('http://192.0.2.7');
    expect(await it.authorization()).toBe('Bearer t');
  });

  it('may hold a name and password', async () => {
    const it = await access({}, { username: 'a', password: 'b' });
    expect(await it.authorization()).toBe('Basic YTpi');
  });

  it.each([
    [
      'a server that is no URL',
      { server: 'api:6443' },
      {},
      '/config: cluster one: server "api:6443" is no URL (write https://HOST:PORT)',
    ],
    [
      'a proxy',
      { 'proxy-url': 'http://192.0.2.9' },
      {},
      '/config: cluster one: proxy-url is not supported (name a server that is reached directly)',
    ],
    [
      'data that is no PEM',
      { 'certificate-authority-data': 'AAAA' },
      {},
      '/config: one: certificate-authority-data is not the base64 form of a PEM text (encode the file with base64, or give its path as certificate-authority)',
    ],
    [
      'a certificate without a key',
      {},
      { 'client-certificate-data': PEM_DATA },
      '/config: user me: client-certificate and client-key belong together (give both or neither)',
    ],
    [
      'impersonation',
      {},
      { as: 'admin' },
      '/config: user me: impersonation (as) is not supported (give the user own rights)',
    ],
    [
      'an auth-provider',
      {},
      { 'auth-provider': { name: 'gcp' } },
      '/config: user me: auth-provider was removed from Kubernetes (use an exec plugin instead)',
    ],
    [
      'contradicting TLS options',
      { 'insecure-skip-tls-verify': true, 'certificate-authority-data': PEM_DATA },
      {},
      '/config: cluster one: insecure-skip-tls-verify contradicts certificate-authority (drop insecure-skip-tls-verify)',
    ],
    [
      'an old exec version',
      {},
      { exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } },
      '/config: user me: exec: apiVersion "client.authentication.k8s.io/v1alpha1" is not spoken (use client.authentication.k8s.io/v1)',
    ],
    [
      'an exec plugin for a terminal',
      {},
      {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: 'x',
          interactiveMode: 'Always',
        },
      },
      '/config: user me: exec: the plugin needs a terminal (use a plugin that runs without one)',
    ],
  ])('with %s is refused with the mend', async (_, cluster, user, line) => {
    expect(await fault(access(cluster, user))).toBe(`KUBECONFIG_INVALID ${line}`);
  });

  it.each([
    ['kind: Config\nclusters: [', '/config:2: '],
    ['[]', '/config: it holds no mapping'],
    ['kind: Secret', '/config: it is a Secret, not a Config'],
    ['clusters: [{}]\ncurrent-context: a', '/config: an entry under clusters has no name'],
    [
      'contexts: [{name: a, context: {cluster: b}}]\ncurrent-context: a',
      '/config: context a names a cluster "b" that is not there (name one of: none)',
    ],
    ['kind: Config', '/config: current-context is not set'],
  ])('of the text %j is refused', async (text, start) => {
    const file = join(folder, 'config');
    await writeFile(file, text);
    expect(await fault(resolve({ kubeconfig: { file } }))).toContain(`KUBECONFIG_INVALID ${start}`);
  });

  it('that is not there is refused', async () => {
    const file = join(folder, 'none');
    expect(await fault(resolve({ kubeconfig: { file } }))).toBe(
      'KUBECONFIG_INVALID /none: the file does not exist (name a kubeconfig that this user may read)',
    );
  });

  it('with a token file that is not there is refused', async () => {
    expect(await fault(access({}, { tokenFile: 'none' }))).toMatch(
      /^KUBE_CREDENTIALS \/none: can't read credentials: ENOENT.*\(check that the file exists/,
    );
  });
});

describe('an exec plugin', () => {
  /** A plugin that counts its runs in a file and answers with this status. */
  async function plugin(status: object, more: object = {}): Promise<object> {
    const command = join(folder, 'plugin.sh');
    const answer = JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status,
    });
    await writeFile(
      command,
      `#!/bin/sh\necho "$1 $REGION $KUBERNETES_EXEC_INFO" >> "${folder}/runs"\ncat <<'END'\n${answer}\nEND\n`,
      { mode: 0o755 },
    );
    return {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: './plugin.sh',
        args: ['token'],
        env: [{ name: 'REGION', value: 'here' }],
        ...more,
      },
    };
  }

  async function runs(): Promise<readonly string[]> {
    const { readFile } = await import('node:fs/promises');
    return (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n');
  }

  it('runs with arguments and environment, first when it is needed, and until it expires once', async () => {
    const expirationTimestamp = new Date(clock.wallClock() + 60_000).toISOString();
    const it = await access({}, await plugin({ token: 'fresh', expirationTimestamp }));
    const both = await Promise.all([it.authorization(), it.authorization()]);
    expect(both).toEqual(['Bearer fresh', 'Bearer fresh']);
    await it.authorization();
    expect(await runs()).toEqual([
      'token here {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}',
    ]);
    clock.advance(60_000);
    await it.authorization();
    expect(await runs()).toHaveLength(2);
    it.refused();
    await it.authorization();
    expect(await runs()).toHaveLength(3);
  });

  it('is told of the cluster where it asks for it, and may give a certificate', async () => {
    const it = await access(
      { 'certificate-authority-data': PEM_DATA },
      await plugin(
        { clientCertificateData: PEM, clientKeyData: PEM },
        { provideClusterInfo: true },
      ),
    );
    expect(await it.tls()).toEqual({ ca: PEM, cert: PEM, key: PEM, insecure: false });
    expect(await it.tls()).toBe(await it.tls());
    expect(await it.authorization()).toBeUndefined();
    expect((await runs())[0]).toContain(
      `"cluster":{"server":"https://192.0.2.1:6443","certificate-authority-data":"${PEM_DATA}"}`,
    );
  });

  it('that is not there, fails or talks nonsense is said by name', async () => {
    const exec = (command: string, args: readonly string[] = []): object => ({
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command,
        args,
        installHint: 'get it from your cloud',
      },
    });
    const missing = await access({}, exec('svcdns-no-such-plugin'));
    expect(await fault(missing.authorization())).toBe(
      'KUBE_CREDENTIALS /config: user me: exec: the credential plugin svcdns-no-such-plugin was not found (get it from your cloud)',
    );
    const failing = await access({}, exec('/bin/sh', ['-c', 'echo login expired >&2; exit 3']));
    expect(await fault(failing.authorization())).toContain('plugin sh failed: login expired');
    const nonsense = await access({}, exec('/bin/echo', ['{}']));
    expect(await fault(nonsense.authorization())).toContain('gave no ExecCredential');
  });
});

describe('the order', () => {
  const inside = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };

  async function mount(): Promise<void> {
    await writeFile(join(folder, 'token'), 'mounted\n');
    await writeFile(join(folder, 'ca.crt'), PEM);
  }

  it('is kubeconfig, endpoint, service account, $KUBECONFIG', async () => {
    await mount();
    const file = await write({});
    const env = { ...inside, KUBECONFIG: file };
    const endpoint = '192.0.2.3:8080';
    expect((await resolve({ kubeconfig: { file }, endpoint }, env)).server).toBe(
      'https://192.0.2.1:6443',
    );
    expect((await resolve({ endpoint }, env)).server).toBe('http://192.0.2.3:8080');
    expect((await resolve({}, env)).server).toBe('https://[fd00::1]:6443');
    expect((await resolve({}, { KUBECONFIG: file })).server).toBe('https://192.0.2.1:6443');
    expect(await fault(resolve({}))).toContain('KUBE_CREDENTIALS nothing says how to reach');
  });

  it('gives the service account a token that rotates and the CA that is mounted', async () => {
    await mount();
    const it = await resolve({}, inside);
    expect(await it.authorization()).toBe('Bearer mounted');
    expect(await it.tls()).toEqual({ ca: PEM, insecure: false });
    await writeFile(join(folder, 'token'), 'rotated');
    clock.advance(10_000);
    expect(await it.authorization()).toBe('Bearer rotated');
  });

  it('stops at a service account that is not mounted', async () => {
    expect(await fault(resolve({}, inside))).toMatch(/^KUBE_CREDENTIALS \/ca.crt: can't read/);
  });

  it('gives an endpoint its three files', async () => {
    await writeFile(join(folder, 'pem'), PEM);
    const pem = join(folder, 'pem');
    const it = await resolve({
      endpoint: 'https://192.0.2.3',
      tls: { cert: pem, key: pem, ca: pem },
    });
    expect(await it.tls()).toEqual({ ca: PEM, cert: PEM, key: PEM, insecure: false });
    expect(await fault(resolve({ endpoint: 'ftp://x' }))).toContain('endpoint "ftp://x" is no URL');
  });
});
