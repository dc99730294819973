/** The k8s_external directive: what a client outside of the cluster finds by name. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { planText } from '../../../src/corefile/loader.js';
import { COREDNS_BIN, CorednsPeer } from '../coredns-peer.js';
import { askingBytes, messageLines } from '../server-block.js';
import {
  type ExternalBlock,
  ExternalCluster,
  OWN_ADDRESS,
  openBlock,
  REGISTRY,
} from './external-world.js';

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: { name: prod }
---
apiVersion: v1
kind: Namespace
metadata: { name: dns }
---
# Services v1.1, "Type LoadBalancer"
apiVersion: v1
kind: Service
metadata: { name: my-service, namespace: prod }
spec:
  type: LoadBalancer
  clusterIP: 10.0.171.239
  loadBalancerIP: 78.11.24.19
  ports: [{ protocol: TCP, port: 80, targetPort: 9376, nodePort: 30061 }]
status: { loadBalancer: { ingress: [{ ip: 146.148.47.155 }] } }
---
# Services v1.1, "External IPs"
apiVersion: v1
kind: Service
metadata: { name: web, namespace: prod }
spec:
  ports: [{ name: http, port: 80, targetPort: 9376 }]
  externalIPs: [80.11.12.10, '2001:db8::10']
---
apiVersion: v1
kind: Service
metadata: { name: named, namespace: prod }
spec:
  type: LoadBalancer
  ports: [{ name: https, port: 443 }]
status: { loadBalancer: { ingress: [{ hostname: LB.example.net }] } }
---
apiVersion: v1
kind: Service
metadata: { name: ported, namespace: prod }
spec: { type: NodePort, ports: [{ name: http, port: 80, nodePort: 30080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: staying, namespace: prod }
spec: { type: NodePort, externalTrafficPolicy: Local, ports: [{ port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: staying-1, namespace: prod, labels: { kubernetes.io/service-name: staying } }
addressType: IPv4
ports: []
endpoints:
  - { addresses: [10.244.0.21], nodeName: demo-node-2 }
  - { addresses: [10.244.0.22], nodeName: demo-node-1, conditions: { ready: false } }
---
apiVersion: v1
kind: Service
metadata: { name: inside, namespace: prod }
spec: { ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: hidden, namespace: dns }
spec: { ports: [{ port: 80 }], externalIPs: [192.0.2.66] }
---
apiVersion: v1
kind: Service
metadata: { name: peers, namespace: prod }
spec:
  clusterIP: None
  ports: [{ name: gossip, port: 7000, protocol: UDP }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: peers-1, namespace: prod, labels: { kubernetes.io/service-name: peers } }
addressType: IPv4
ports: [{ name: gossip, port: 7001, protocol: UDP }]
endpoints: [{ addresses: [10.244.0.7], hostname: peer-0 }, { addresses: [10.244.0.8] }]
`;

const SOA =
  'example.org. 5 IN SOA ns1.dns.example.org. hostmaster.dns.example.org. 1700000000 7200 1800 86400 5';
const MISSING = ['NXDOMAIN', `authority ${SOA}`];
const NO_DATA = ['NOERROR', `authority ${SOA}`];

/** Questions that CoreDNS answers the same way; SOA serials aside. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  'my-service.prod.example.org': ['NOERROR', 'my-service.prod.example.org. 5 IN A 146.148.47.155'],
  'my-service.prod.example.org AAAA': NO_DATA,
  'my-service.prod.example.org SRV': [
    'NOERROR',
    'my-service.prod.example.org. 5 IN SRV 0 100 80 my-service.prod.example.org.',
    'additional my-service.prod.example.org. 5 IN A 146.148.47.155',
  ],
  'web.prod.example.org A': ['NOERROR', 'web.prod.example.org. 5 IN A 80.11.12.10'],
  'web.prod.example.org AAAA': ['NOERROR', 'web.prod.example.org. 5 IN AAAA 2001:db8::10'],
  'web.prod.example.org TXT': NO_DATA,
  '_nope._tcp.web.prod.example.org SRV': MISSING,
  'inside.prod.example.org': MISSING,
  'peers.prod.example.org': MISSING,
  'none.prod.example.org': MISSING,
  'prod.example.org': NO_DATA,
  'none.example.org': MISSING,
  'example.org SOA': ['NOERROR', SOA],
  'example.org A': NO_DATA,
  'dns.example.org': NO_DATA,
  'hidden.dns.example.org': MISSING,
  'ns2.dns.example.org': MISSING,
  '10.12.11.80.in-addr.arpa PTR': [
    'NOERROR',
    '10.12.11.80.in-addr.arpa. 5 IN PTR web.prod.example.org.',
  ],
};

/** CoreDNS gives weight 50 here: it counts a record for each address, and leaves one of them out. */
const OTHER_WEIGHT: Readonly<Record<string, readonly string[]>> = {
  '_http._tcp.web.prod.example.org SRV': [
    'NOERROR',
    '_http._tcp.web.prod.example.org. 5 IN SRV 0 100 80 web.prod.example.org.',
    'additional web.prod.example.org. 5 IN A 80.11.12.10',
    'additional web.prod.example.org. 5 IN AAAA 2001:db8::10',
  ],
};

const cluster = new ExternalCluster();
let open: ExternalBlock | undefined;

beforeAll(() => cluster.open(MANIFESTS));
afterAll(() => cluster.close());
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function block(external: string, kubernetes?: string): Promise<ExternalBlock> {
  open = await openBlock(cluster, external, kubernetes);
  return open;
}

const ZONES = 'k8s_external example.org in-addr.arpa';

describe('names for the outside', () => {
  it('R-52, R-56, R-57, R-59: are those of status addresses and external IPs', async () => {
    const under = await block(ZONES);
    for (const [question, lines] of Object.entries({ ...SAME, ...OTHER_WEIGHT })) {
      expect(await under.lines(question), question).toEqual(lines);
    }
  });

  it('R-56: the address that was asked for and not given has neither name nor PTR', async () => {
    const under = await block(ZONES);
    const [rcode] = await under.lines('19.24.11.78.in-addr.arpa PTR');
    expect(rcode).toBe('NXDOMAIN');
    expect(await under.lines('155.47.148.146.in-addr.arpa PTR')).toEqual([
      'NOERROR',
      '155.47.148.146.in-addr.arpa. 5 IN PTR my-service.prod.example.org.',
    ]);
  });

  it('R-52: a load balancer with a name is an alias of it, followed, and SRV target itself', async () => {
    const under = await block(ZONES);
    const alias = 'named.prod.example.org. 5 IN CNAME lb.example.net.';
    const address = 'lb.example.net. 60 IN A 192.0.2.80';
    expect(await under.lines('named.prod.example.org')).toEqual(['NOERROR', alias, address]);
    expect(await under.lines('named.prod.example.org CNAME')).toEqual(['NOERROR', alias]);
    // what is not known here may be known to the asker's own resolver
    expect(await under.lines('named.prod.example.org AAAA')).toEqual(['NOERROR', alias]);
    expect(await under.lines('_https._tcp.named.prod.example.org SRV')).toEqual([
      'NOERROR',
      '_https._tcp.named.prod.example.org. 5 IN SRV 0 100 443 lb.example.net.',
    ]);
    expect(await under.lines('_https._tcp.named.prod.example.org')).toEqual([
      'NOERROR',
      '_https._tcp.named.prod.example.org. 5 IN CNAME lb.example.net.',
      address,
    ]);
    expect((await under.lines('_tcp.named.prod.example.org'))[0]).toBe('NOERROR');
  });

  it('have the name server below the apex label, for reverse zones too', async () => {
    const under = await block(`${ZONES} {\napex Edge\nttl 60\n}`);
    const server = 'ns1.edge.example.org. 60 IN A 192.0.2.53';
    expect(await under.lines('example.org NS')).toEqual([
      'NOERROR',
      'example.org. 60 IN NS ns1.edge.example.org.',
      `additional ${server}`,
    ]);
    expect(await under.lines('ns1.edge.example.org')).toEqual(['NOERROR', server]);
    const [, soa] = await under.lines('in-addr.arpa SOA');
    expect(soa).toContain('SOA ns1.edge.example.org. hostmaster.edge.example.org. 1700000000');
    // the namespace dns is one like the others now
    expect(await under.lines('hidden.dns.example.org')).toEqual([
      'NOERROR',
      'hidden.dns.example.org. 60 IN A 192.0.2.66',
    ]);
  });

  it('are those of headless endpoints by option only', async () => {
    const under = await block(`${ZONES} {\nheadless\n}`);
    expect((await under.lines('peers.prod.example.org')).toSorted()).toEqual([
      'NOERROR',
      'peers.prod.example.org. 5 IN A 10.244.0.7',
      'peers.prod.example.org. 5 IN A 10.244.0.8',
    ]);
    expect(await under.lines('peer-0.peers.prod.example.org')).toEqual([
      'NOERROR',
      'peer-0.peers.prod.example.org. 5 IN A 10.244.0.7',
    ]);
    const srv = await under.lines('_gossip._udp.peers.prod.example.org SRV');
    expect(srv.slice(1, 3)).toEqual([
      '_gossip._udp.peers.prod.example.org. 5 IN SRV 0 50 7001 peer-0.peers.prod.example.org.',
      '_gossip._udp.peers.prod.example.org. 5 IN SRV 0 50 7001 10-244-0-8.peers.prod.example.org.',
    ]);
  });

  it('R-51, R-54: of NodePort services are those of the nodes, with the port of the nodes, by option', async () => {
    const plain = await block(ZONES);
    expect(await plain.lines('ported.prod.example.org')).toEqual(MISSING);
    await plain.close();
    cluster.api.requests.length = 0;
    // labels choose Services; machines have others
    const under = await block(`${ZONES} {\nnodeports\n}`, 'labels !nobody');
    const asked = cluster.api.requests.filter(({ path }) => path === '/api/v1/nodes');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter(({ query }) => query.has('labelSelector'))).toEqual([]);
    const sorted = async (question: string): Promise<readonly string[]> =>
      (await under.lines(question)).toSorted();
    expect(await sorted('ported.prod.example.org')).toEqual([
      'NOERROR',
      'ported.prod.example.org. 5 IN A 192.0.2.11',
      'ported.prod.example.org. 5 IN A 192.0.2.12',
    ]);
    expect((await sorted('_http._tcp.ported.prod.example.org SRV')).slice(0, 2)).toEqual([
      'NOERROR',
      '_http._tcp.ported.prod.example.org. 5 IN SRV 0 100 30080 ported.prod.example.org.',
    ]);
    // the nodes have IPv6 addresses, the service has not
    expect(await under.lines('ported.prod.example.org AAAA')).toEqual(NO_DATA);
    // only the node with an endpoint takes traffic that has to stay
    expect(await sorted('staying.prod.example.org')).toEqual([
      'NOERROR',
      'staying.prod.example.org. 5 IN A 192.0.2.12',
    ]);
    // a balancer's address goes before node ports
    expect((await under.lines('my-service.prod.example.org'))[1]).toContain('146.148.47.155');
    const third = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'third' },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [
          { type: 'InternalIP', address: '10.1.1.3' },
          { type: 'ExternalIP', address: '192.0.2.13' },
          { type: 'Hostname', address: 'third' },
        ],
      },
    };
    cluster.api.apply(third);
    const has = (lines: readonly string[]): boolean => lines.join().includes('192.0.2.13');
    await under.until('ported.prod.example.org', has);
    expect((await sorted('ported.prod.example.org')).join()).not.toContain('10.1.1.3');
    cluster.api.delete('Node', '', 'third');
    await under.until('ported.prod.example.org', (lines) => !has(lines));
  });

  it('go on to the next directive where they are missing, within the zones of fallthrough', async () => {
    const under = await block(`${ZONES} {\nfallthrough web.example.org\n}`);
    expect(await under.lines('else.web.example.org')).toEqual([
      'NOERROR',
      'else.web.example.org. 60 IN A 192.0.2.9',
    ]);
    expect(await under.lines('none.prod.example.org')).toEqual(MISSING);
  });

  it('are left to the rest of the chain in other zones', async () => {
    const under = await block(ZONES);
    expect(await under.lines('lb.example.net')).toEqual([
      'NOERROR',
      'lb.example.net. 60 IN A 192.0.2.80',
    ]);
  });

  it('show only the namespaces that the kubernetes directive shows', async () => {
    const under = await block(ZONES, 'namespaces default');
    expect(await under.lines('web.prod.example.org')).toEqual(MISSING);
    expect((await under.lines('10.12.11.80.in-addr.arpa PTR'))[0]).toBe('NXDOMAIN');
  });

  it('stand in several zones, PTR records point into the first', async () => {
    const under = await block('k8s_external one.test in-addr.arpa two.test');
    expect((await under.lines('web.prod.two.test SRV'))[1]).toBe(
      'web.prod.two.test. 5 IN SRV 0 100 80 web.prod.two.test.',
    );
    expect((await under.lines('10.12.11.80.in-addr.arpa PTR'))[1]).toBe(
      '10.12.11.80.in-addr.arpa. 5 IN PTR web.prod.one.test.',
    );
  });

  it('may stand directly below the root', async () => {
    const under = await block('k8s_external');
    expect(await under.lines('web.prod SRV')).toContain('web.prod. 5 IN SRV 0 100 80 web.prod.');
    expect((await under.lines('. SOA'))[1]).toContain('SOA ns1.dns. hostmaster.dns.');
  });
});

describe('before the first lists are in', () => {
  it('a name is not known, which is no name error', async () => {
    expect((await block(ZONES)).early).toEqual(['SERVFAIL']);
  });
});

describe('changes', () => {
  const service = (externalIPs: readonly string[]): unknown => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'moving', namespace: 'prod' },
    spec: { ports: [{ port: 80 }], externalIPs },
  });

  it('of a service reach its name and both addresses', async () => {
    const under = await block(ZONES);
    cluster.api.apply(service(['192.0.2.1']));
    await under.until(
      'moving.prod.example.org',
      (lines) => lines[1]?.endsWith('192.0.2.1') ?? false,
    );
    cluster.api.apply(service(['192.0.2.2']));
    await under.until(
      'moving.prod.example.org',
      (lines) => lines[1]?.endsWith('192.0.2.2') ?? false,
    );
    expect((await under.lines('1.2.0.192.in-addr.arpa PTR'))[0]).toBe('NXDOMAIN');
    expect((await under.lines('2.2.0.192.in-addr.arpa PTR'))[1]).toContain('moving.prod.');
    cluster.api.delete('Service', 'prod', 'moving');
    await under.until('moving.prod.example.org', ([rcode]) => rcode === 'NXDOMAIN');
    expect((await under.lines('2.2.0.192.in-addr.arpa PTR'))[0]).toBe('NXDOMAIN');
  });

  it('of endpoints reach a headless name and the name server', async () => {
    const under = await block(`${ZONES} {\nheadless\n}`);
    expect((await under.lines('ns1.dns.example.org'))[1]).toContain(OWN_ADDRESS);
    const slice = (address: string): unknown => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: 'web-1',
        namespace: 'prod',
        labels: { 'kubernetes.io/service-name': 'web' },
      },
      addressType: 'IPv4',
      ports: [],
      endpoints: [{ addresses: [address] }],
    });
    // this very server turns out to stand behind the service web
    cluster.api.apply(slice(OWN_ADDRESS));
    await under.until('ns1.dns.example.org', (lines) => lines[1]?.endsWith('80.11.12.10') ?? false);
    cluster.api.delete('EndpointSlice', 'prod', 'web-1');
    await under.until('ns1.dns.example.org', (lines) => lines[1]?.endsWith(OWN_ADDRESS) ?? false);
  });
});

describe('the directive', () => {
  const faults = (text: string): readonly string[] => {
    const { faults: found } = planText(`. {\n${text}\n}`, 'Corefile', {
      env: {},
      registry: REGISTRY,
    });
    return (found ?? []).map((fault) => fault.line.replace('Corefile:', ''));
  };

  it('says what is wrong with its lines, all at once', () => {
    expect(faults('k8s_external example.org {\napex a.b\nttl 4000\nheadles\n}')).toEqual([
      '3: apex: "a.b" is no label (write one label, as dns)',
      '4: ttl: "4000" is no whole number from 0 to 3600 (write such a number)',
      '5: k8s_external has no option "headles" (did you mean headless? known: apex, ttl, headless, nodeports, fallthrough)',
    ]);
    expect(faults('k8s_external in-addr.arpa')).toEqual([
      '2: k8s_external has reverse zones only (add the zone that services are named in, as k8s_external example.org in-addr.arpa)',
    ]);
  });
});

describe.skipIf(COREDNS_BIN === '')('CoreDNS', () => {
  it('answers the same from the same API', async () => {
    const peer = await CorednsPeer.open([
      `${ZONES}\nkubernetes cluster.local {\nkubeconfig ${cluster.kubeconfig}\n}`,
    ]);
    try {
      const withoutSerial = (line: string): string => line.replace(/ \d+ 7200 /, ' N 7200 ');
      for (const [question, lines] of Object.entries(SAME)) {
        const theirs = messageLines(await peer.ask(0, askingBytes(question)));
        expect(theirs.map(withoutSerial), question).toEqual(lines.map(withoutSerial));
      }
    } finally {
      await peer.close();
    }
  });
});
