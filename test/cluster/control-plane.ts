/** A real control plane on loopback: etcd, API server, controllers, scheduler, and kwok for nodes and pods. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTROL_PLANE, ensurePrograms, kwokStageFiles, programPath } from './build.js';
import { Daemon } from './daemon.js';
import { eventually } from './eventually.js';
import { freePorts } from './free-port.js';
import { writeKubeconfig } from './kubeconfig.js';
import { type Kubectl, kubectlWith } from './kubectl.js';
import { repositoryRoot } from './repository.js';

/** Holds the cluster IPs that the sample services choose for themselves (10.0.0.11, 10.0.171.239). */
const SERVICE_CIDRS = '10.0.0.0/16,fd00:10::/112';

/** Fake nodes; kwok gives a pod one address of each of its node's CIDRs. */
const NODES = [
  { name: 'node-a', podCIDRs: ['10.244.0.0/24', 'fd00:10:244::/64'] },
  { name: 'node-b', podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] },
];

interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly api: number;
  readonly controllers: number;
  readonly scheduler: number;
}

export class ControlPlane {
  /** Temporary; logs, keys, kubeconfigs; gone after stop(). */
  readonly folder: string;
  readonly server: string;
  readonly adminKubeconfig: string;
  /** Bearer token of a cluster administrator, for requests that bypass kubectl. */
  readonly adminToken: string;
  /** As cluster administrator. */
  readonly kubectl: Kubectl;
  readonly #ports: Ports;
  readonly #daemons = new Map<string, Daemon>();

  private constructor(folder: string, ports: Ports) {
    this.folder = folder;
    this.#ports = ports;
    this.server = `https://127.0.0.1:${ports.api}`;
    this.adminToken = randomBytes(16).toString('hex');
    writeFileSync(join(folder, 'tokens.csv'), `${this.adminToken},admin,admin,system:masters\n`);
    writeServiceAccountKeys(folder);
    this.adminKubeconfig = this.#kubeconfig('admin', this.adminToken);
    this.kubectl = kubectlWith(this.adminKubeconfig);
  }

  /**
   * Builds what is not built, starts all parts and waits until pods can run.
   *
   * @throws Error with the end of a part's log when that part does not come up.
   */
  static async start(): Promise<ControlPlane> {
    await ensurePrograms(CONTROL_PLANE);
    const [etcd = 0, etcdPeer = 0, api = 0, controllers = 0, scheduler = 0] = await freePorts(5);
    const folder = mkdtempSync(join(tmpdir(), 'svcdns-cluster-'));
    const ports = { etcd, etcdPeer, api, controllers, scheduler };
    const controlPlane = new ControlPlane(folder, ports);
    try {
      await controlPlane.#bringUp();
    } catch (error) {
      await controlPlane.stop();
      throw error;
    }
    return controlPlane;
  }

  /** The API server's own certificate, which it made when it first started. */
  get certificateAuthority(): string {
    return join(this.folder, 'apiserver.crt');
  }

  /** Ends the API server at once, as a crash would; etcd and the controllers go on. */
  async stopApiServer(): Promise<void> {
    await this.#daemons.get('kube-apiserver')?.stop('SIGKILL');
  }

  /** Starts the API server on the same port, over the same data, and waits until it is ready. */
  async startApiServer(): Promise<void> {
    const { etcd, api } = this.#ports;
    const key = (name: string): string => join(this.folder, name);
    this.#start('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${etcd}`,
      '--bind-address=127.0.0.1',
      // Endpoints must not be loopback addresses; nobody dials this one (RFC 5737).
      '--advertise-address=192.0.2.10',
      `--secure-port=${api}`,
      `--cert-dir=${this.folder}`,
      `--service-account-key-file=${key('service-account.pub')}`,
      `--service-account-signing-key-file=${key('service-account.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--token-auth-file=${key('tokens.csv')}`,
      '--authorization-mode=RBAC',
      `--service-cluster-ip-range=${SERVICE_CIDRS}`,
    ]);
    await this.#ready('kube-apiserver', () => this.kubectl(['get', '--raw', '/readyz']));
  }

  /**
   * Takes an object out of etcd while nobody watches, so that no event ever tells of it.
   *
   * @param key below /registry/, as in `services/specs/default/web`
   */
  async deleteFromStorage(key: string): Promise<void> {
    const body = JSON.stringify({ key: Buffer.from(`/registry/${key}`).toString('base64') });
    const url = `http://127.0.0.1:${this.#ports.etcd}/v3/kv/deleterange`;
    const response = await fetch(url, { method: 'POST', body });
    const said = await response.text();
    if (!/"deleted": ?"1"/.test(said)) throw new Error(`etcd did not delete ${key}: ${said}`);
  }

  /**
   * A kubeconfig for the service account of config/kubernetes, bound to the shipped ClusterRole and
   * nothing else; its token comes from a TokenRequest and is good for an hour.
   */
  async restrictedKubeconfig(): Promise<string> {
    const folder = join(repositoryRoot(), 'config', 'kubernetes');
    for (const file of ['service-account', 'cluster-role', 'cluster-role-binding']) {
      await this.kubectl(['apply', '-f', join(folder, `${file}.yaml`)]);
    }
    return this.kubeconfigOf('kube-system', 'svcdns');
  }

  /** A kubeconfig for any service account, by a TokenRequest. */
  async kubeconfigOf(namespace: string, serviceAccount: string): Promise<string> {
    const token = await this.kubectl([
      'create',
      'token',
      serviceAccount,
      `--namespace=${namespace}`,
    ]);
    return this.#kubeconfig(`${namespace}-${serviceAccount}`, token.trim());
  }

  /** Ends everything and removes the folder. */
  async stop(): Promise<void> {
    const daemons = [...this.#daemons.values()].reverse();
    await Promise.all(daemons.map((daemon) => daemon.stop('SIGKILL')));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #bringUp(): Promise<void> {
    const { etcd, etcdPeer } = this.#ports;
    this.#start('etcd', [
      `--data-dir=${join(this.folder, 'etcd')}`,
      `--listen-client-urls=http://127.0.0.1:${etcd}`,
      `--advertise-client-urls=http://127.0.0.1:${etcd}`,
      `--listen-peer-urls=http://127.0.0.1:${etcdPeer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${etcdPeer}`,
      `--initial-cluster=default=http://127.0.0.1:${etcdPeer}`,
      '--unsafe-no-fsync',
    ]);
    await this.startApiServer();
    this.#startControllers();
    this.#startKwok();
    await this.kubectl(['apply', '-f', '-'], JSON.stringify({ ...LIST, items: NODES.map(node) }));
    await this.#ready('kube-controller-manager', async () => {
      // Pods are refused in a namespace until this exists.
      await this.kubectl(['get', 'serviceaccount', 'default', '--namespace=default']);
    });
    await this.#ready('kwok', async () => {
      await this.kubectl(['wait', 'nodes', '--all', '--for=condition=Ready', '--timeout=1s']);
    });
  }

  #startControllers(): void {
    const common = [
      `--kubeconfig=${this.adminKubeconfig}`,
      '--bind-address=127.0.0.1',
      '--leader-elect=false',
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
    ];
    this.#start('kube-controller-manager', [
      ...common,
      `--secure-port=${this.#ports.controllers}`,
      `--cert-dir=${join(this.folder, 'kube-controller-manager')}`,
      `--service-account-private-key-file=${join(this.folder, 'service-account.key')}`,
      // The nodes bring their pod CIDRs along, and there is no cloud.
      '--controllers=*,-node-ipam-controller,-cloud-node-lifecycle-controller',
    ]);
    this.#start('kube-scheduler', [
      ...common,
      `--secure-port=${this.#ports.scheduler}`,
      `--cert-dir=${join(this.folder, 'kube-scheduler')}`,
    ]);
  }

  #startKwok(): void {
    this.#start('kwok', [
      `--kubeconfig=${this.adminKubeconfig}`,
      '--manage-all-nodes',
      '--node-ip=192.0.2.20',
      '--node-lease-duration-seconds=40',
      ...kwokStageFiles().map((file) => `--config=${file}`),
    ]);
  }

  #start(name: string & Parameters<typeof programPath>[0], args: readonly string[]): void {
    const home = join(this.folder, name);
    mkdirSync(home, { recursive: true });
    const logFile = join(this.folder, `${name}.log`);
    // HOME: kwok reads ~/.kwok/kwok.yaml, which is none of ours.
    const environment = { HOME: home, KUBECONFIG: undefined };
    const daemon = new Daemon({ name, command: programPath(name), args, logFile, environment });
    this.#daemons.set(name, daemon);
  }

  async #ready(name: string, probe: () => Promise<unknown>): Promise<void> {
    await eventually(
      async () => {
        for (const daemon of this.#daemons.values()) daemon.assertRunning();
        await probe();
      },
      { timeoutMs: 120_000, intervalMs: 200 },
    ).catch((error: unknown) => {
      throw new Error(`${name} did not become ready`, { cause: error });
    });
  }

  #kubeconfig(user: string, token: string): string {
    return writeKubeconfig({
      file: join(this.folder, `${user}.kubeconfig`),
      server: this.server,
      certificateAuthority: this.certificateAuthority,
      user,
      token,
    });
  }
}

const LIST = { apiVersion: 'v1', kind: 'List' };

function node(options: (typeof NODES)[number]): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: options.name,
      // What a kubelet sets and the deployment selects and spreads by.
      labels: {
        'kubernetes.io/hostname': options.name,
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/zone': options.name,
      },
    },
    spec: { podCIDR: options.podCIDRs[0], podCIDRs: options.podCIDRs },
  };
}

function writeServiceAccountKeys(folder: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(join(folder, 'service-account.key'), privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'service-account.pub'), publicKey);
}
