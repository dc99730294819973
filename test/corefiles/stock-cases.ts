/** What each stock Corefile is asked, what has to come, and what stands behind it. */
import { hostname } from 'node:os';
import { RRTYPE } from '../../src/dns/rrtype.js';

/** One question and the records of its answer section as text; `rcode` where it is not NOERROR. */
export interface StockQuestion {
  readonly qname: string;
  readonly qtype: number;
  readonly answer: readonly string[];
  readonly rcode?: number;
}

export type StockEndpoint = 'health' | 'ready' | 'prometheus';

export interface StockCase {
  readonly distribution: string;
  /** TTL of cluster names. */
  readonly ttlSeconds: number;
  /** Names of pods by address are served (`pods insecure`). */
  readonly podNames: boolean;
  /** The node's resolver, as the Corefile means it. */
  readonly outside: string;
  /** Zones of further upstreams, by `address:port`. */
  readonly zones: Readonly<Record<string, string>>;
  /** Questions of its own. */
  readonly questions: readonly StockQuestion[];
  /** HTTP endpoints that it asks for. */
  readonly endpoints: readonly StockEndpoint[];
}

const RESOLVER = '192.0.2.253:53';
const ALL = ['health', 'ready', 'prometheus'] as const;

/** What the node's resolver knows. */
export const OUTSIDE_ZONE = `
. 300 IN SOA a.root.example. hostmaster.example.org. 1 3600 600 86400 60
www.example.org. 20 IN A 192.0.2.80
99.2.0.192.in-addr.arpa. 20 IN PTR printer.example.org.
`;

/** What the cluster's own name server knows, where the Corefile is that of a cache before it. */
const CLUSTER_ZONE = `
. 300 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5
web.shop.svc.cluster.local. 30 IN A 10.96.0.20
10-244-1-7.shop.pod.cluster.local. 30 IN A 10.244.1.7
20.0.96.10.in-addr.arpa. 30 IN PTR web.shop.svc.cluster.local.
99.2.0.192.in-addr.arpa. 20 IN PTR printer.example.org.
`;

/** A zone with one host, behind a stub domain. */
function stubZone(zone: string, address: string): string {
  return `
${zone}. 300 IN SOA ns.${zone}. hostmaster.${zone}. 1 3600 600 86400 60
git.${zone}. 25 IN A ${address}
`;
}

function a(qname: string, ttl: number, address: string): StockQuestion {
  return { qname, qtype: RRTYPE.A, answer: [`${qname} ${ttl} IN A ${address}`] };
}

const BASE = {
  ttlSeconds: 5,
  podNames: true,
  outside: RESOLVER,
  zones: {},
  questions: [],
} as const;

export const STOCK_CASES: readonly StockCase[] = [
  { ...BASE, distribution: 'kubeadm', ttlSeconds: 30, endpoints: ALL },
  { ...BASE, distribution: 'kubernetes-addons', ttlSeconds: 30, endpoints: ALL },
  { ...BASE, distribution: 'coredns-deployment', podNames: false, endpoints: ALL },
  {
    ...BASE,
    distribution: 'gke-stub-domains',
    podNames: false,
    zones: {
      '192.0.2.252:53': OUTSIDE_ZONE,
      '192.0.2.54:53': stubZone('acme.example', '198.51.100.1'),
      '192.0.2.55:10053': stubZone('widget.example', '198.51.100.2'),
    },
    questions: [
      a('git.acme.example.', 25, '198.51.100.1'),
      a('git.widget.example.', 25, '198.51.100.2'),
    ],
    endpoints: ALL,
  },
  {
    ...BASE,
    distribution: 'k3s',
    zones: { '192.0.2.54:53': stubZone('corp.example', '198.51.100.1') },
    questions: [
      a('k3s-agent-1.', 60, '192.0.2.12'),
      {
        qname: '11.2.0.192.in-addr.arpa.',
        qtype: RRTYPE.PTR,
        answer: ['11.2.0.192.in-addr.arpa. 60 IN PTR k3s-server-1.'],
      },
      a('git.corp.example.', 25, '198.51.100.1'),
    ],
    endpoints: ALL,
  },
  { ...BASE, distribution: 'eks', endpoints: ALL },
  {
    ...BASE,
    distribution: 'aks',
    ttlSeconds: 30,
    zones: { '192.0.2.54:53': stubZone('puglife.local', '198.51.100.1') },
    questions: [
      a('example1.org.', 3600, '203.0.113.1'),
      a('git.puglife.local.', 25, '198.51.100.1'),
      {
        qname: 'web.shop.svc.cluster.local.x1.internal.cloudapp.net.',
        qtype: RRTYPE.A,
        rcode: 3,
        answer: [],
      },
      { qname: 'www.example.org.reddog.microsoft.com.', qtype: RRTYPE.A, rcode: 3, answer: [] },
    ],
    endpoints: ALL,
  },
  {
    ...BASE,
    distribution: 'openshift',
    zones: { '192.0.2.54:53': stubZone('corp.example', '198.51.100.1') },
    questions: [
      a('git.corp.example.', 25, '198.51.100.1'),
      {
        qname: 'hostname.bind.',
        qtype: RRTYPE.TXT,
        answer: [`hostname.bind. 0 CH TXT "${hostname()}"`],
      },
    ],
    endpoints: ALL,
  },
  {
    ...BASE,
    distribution: 'minikube',
    ttlSeconds: 30,
    questions: [
      a('host.minikube.internal.', 3600, '192.168.49.1'),
      {
        qname: '1.49.168.192.in-addr.arpa.',
        qtype: RRTYPE.PTR,
        answer: ['1.49.168.192.in-addr.arpa. 3600 IN PTR host.minikube.internal.'],
      },
    ],
    endpoints: ALL,
  },
  {
    ...BASE,
    distribution: 'nodelocaldns',
    ttlSeconds: 30,
    // the Service kube-dns-upstream
    zones: { '10.99.12.34:53': CLUSTER_ZONE },
    endpoints: ['health', 'prometheus'],
  },
];

/** What the API lists in all of them. */
export const CLUSTER_OBJECTS: readonly unknown[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      clusterIP: '10.96.0.20',
      clusterIPs: ['10.96.0.20'],
      ipFamilies: ['IPv4'],
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    },
  },
];

/** What every cluster DNS is asked. */
export function commonQuestions(stock: StockCase): readonly StockQuestion[] {
  const { ttlSeconds } = stock;
  const podName = '10-244-1-7.shop.pod.cluster.local.';
  return [
    a('web.shop.svc.cluster.local.', ttlSeconds, '10.96.0.20'),
    {
      qname: '20.0.96.10.in-addr.arpa.',
      qtype: RRTYPE.PTR,
      answer: [`20.0.96.10.in-addr.arpa. ${ttlSeconds} IN PTR web.shop.svc.cluster.local.`],
    },
    { qname: 'none.shop.svc.cluster.local.', qtype: RRTYPE.A, rcode: 3, answer: [] },
    stock.podNames
      ? a(podName, ttlSeconds, '10.244.1.7')
      : { qname: podName, qtype: RRTYPE.A, rcode: 3, answer: [] },
    a('www.example.org.', 20, '192.0.2.80'),
    {
      qname: '99.2.0.192.in-addr.arpa.',
      qtype: RRTYPE.PTR,
      answer: ['99.2.0.192.in-addr.arpa. 20 IN PTR printer.example.org.'],
    },
    { qname: 'none.example.org.', qtype: RRTYPE.A, rcode: 3, answer: [] },
  ];
}
