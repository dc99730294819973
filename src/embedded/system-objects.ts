/** What a new cluster holds: namespaces, nodes, the `kubernetes` and `kube-dns` Services. */
import type { Cluster } from './cluster.js';
import type { JsonObject } from './json.js';
import { resourceOf } from './resource-type.js';

/** A reachable address and port. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

export interface SystemOptions {
  readonly nodes: number;
  /** The API's own address, behind the Service `kubernetes`. */
  readonly api: ServerAddress;
  /** The DNS server behind the Service `kube-dns`. */
  readonly dns: ServerAddress;
  /** Cluster IPs of the two Services. */
  readonly apiClusterIP: string;
  readonly dnsClusterIP: string;
}

const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Makes them; the cluster has to be empty. */
export function createSystemObjects(cluster: Cluster, options: SystemOptions): void {
  for (const name of SYSTEM_NAMESPACES) {
    cluster.create(resourceOf('Namespace'), '', { metadata: { name } });
  }
  for (let index = 1; index <= options.nodes; index += 1) createNode(cluster, index);
  createService(cluster, 'default', {
    name: 'kubernetes',
    labels: { component: 'apiserver', provider: 'kubernetes' },
    clusterIP: options.apiClusterIP,
    ports: [{ name: 'https', port: 443, targetPort: options.api.port }],
    target: options.api,
  });
  createService(cluster, 'kube-system', {
    name: 'kube-dns',
    labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' },
    clusterIP: options.dnsClusterIP,
    ports: [
      { name: 'dns', protocol: 'UDP', port: 53, targetPort: options.dns.port },
      { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: options.dns.port },
    ],
    target: options.dns,
  });
}

/** A node with documentation addresses (RFC 5737, RFC 3849), each in a zone of its own. */
function createNode(cluster: Cluster, index: number): void {
  const name = `demo-node-${index}`;
  const zone = `demo-zone-${String.fromCharCode(96 + index)}`;
  cluster.create(
    resourceOf('Node'),
    '',
    {
      metadata: {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': 'linux',
          'topology.kubernetes.io/region': 'demo-region',
          'topology.kubernetes.io/zone': zone,
        },
      },
      status: {
        addresses: [
          { type: 'InternalIP', address: `192.0.2.${10 + index}` },
          { type: 'InternalIP', address: `2001:db8:2::${10 + index}` },
          { type: 'Hostname', address: name },
        ],
        nodeInfo: {
          kubeletVersion: 'v1.32.0+svcdns',
          osImage: 'no containers',
          kernelVersion: 'none',
          containerRuntimeVersion: 'none://0',
          operatingSystem: 'linux',
          architecture: '',
        },
      },
    },
    { keepStatus: true },
  );
}

interface SystemService {
  readonly name: string;
  readonly labels: JsonObject;
  readonly clusterIP: string;
  readonly ports: JsonObject[];
  readonly target: ServerAddress;
}

/** A Service without selector: its Endpoints are written by hand and may be on loopback. */
function createService(cluster: Cluster, namespace: string, service: SystemService): void {
  const { name, labels, clusterIP, ports, target } = service;
  cluster.create(resourceOf('Service'), namespace, {
    metadata: { name, labels },
    spec: { clusterIP, ports },
  });
  cluster.save(resourceOf('Endpoints'), {
    metadata: { namespace, name, labels: { ...labels } },
    subsets: [
      {
        addresses: [{ ip: target.address }],
        ports: ports.map(({ name: portName, protocol }) => ({
          name: portName ?? '',
          port: target.port,
          protocol: protocol ?? 'TCP',
        })),
      },
    ],
  });
}
