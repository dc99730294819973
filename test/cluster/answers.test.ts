/** What svcdns answers for every shape of service that a real API server and its controllers make. */
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControlPlane } from './control-plane.js';
import { eventually } from './eventually.js';
import {
  expectAnswer,
  expectNoData,
  expectNoName,
  expectReply,
  expectSrv,
  lastWords,
} from './expectation.js';
import { reverseName } from './reverse-name.js';
import { type ServerOptions, ServerUnderTest, serverName } from './server-under-test.js';
import { OUTSIDE, startUpstream, type Upstream } from './upstream.js';

const ZONE = 'cluster.local';
const SHAPES = `shapes.svc.${ZONE}`;
const peer = serverName() === 'coredns';

let controlPlane: ControlPlane;
let upstream: Upstream;
let server: ServerUnderTest;
/** First and second address of each pod of namespace shapes. */
let podIPs: Map<string, readonly [v4: string, v6: string]>;

beforeAll(async () => {
  controlPlane = await ControlPlane.start();
  upstream = await startUpstream();
  const manifest = join(import.meta.dirname, 'manifests', 'shapes.yaml');
  await controlPlane.kubectl(['apply', '-f', manifest]);
  podIPs = await eventually(runningPods);
  await notReady('unready');
  server = await ServerUnderTest.start(await serverOptions(['pods insecure']));
});

afterAll(async () => {
  await server?.stop();
  await upstream?.close();
  await controlPlane?.stop();
});

async function serverOptions(kubernetes: readonly string[]): Promise<ServerOptions> {
  return {
    folder: controlPlane.folder,
    kubeconfig: await controlPlane.restrictedKubeconfig(),
    kubernetes,
    upstreamPort: upstream.port,
  };
}

describe('names of services with a cluster IP', () => {
  test('S-05: an A record at the service name', async () => {
    await expectAnswer(server, `web.${SHAPES}`, 'A', ['10.0.0.100']);
    await expectAnswer(server, `kubernetes.default.svc.${ZONE}`, 'A', ['10.0.0.1']);
  });

  test('S-06: an AAAA record at the service name', async () => {
    await expectAnswer(server, `six.${SHAPES}`, 'AAAA', ['fd00:10::64']);
  });

  test('D-01: both families at the name of a dual-stack service, SRV once, both addresses beside it', async () => {
    await expectAnswer(server, `dual.${SHAPES}`, 'A', ['10.0.0.102']);
    await expectAnswer(server, `dual.${SHAPES}`, 'AAAA', ['fd00:10::66']);
    const reply = await expectReply(server, `_dns._udp.dual.${SHAPES}`, 'SRV', {
      targets: [`53 dual.${SHAPES}.`],
    });
    expect(reply.additional).toEqual([
      `dual.${SHAPES}. 5 IN A 10.0.0.102`,
      `dual.${SHAPES}. 5 IN AAAA fd00:10::66`,
    ]);
  });

  test('S-07: an SRV record for each named port, with the port of the service', async () => {
    await expectSrv(server, `_http._tcp.web.${SHAPES}`, [`80 web.${SHAPES}.`]);
    await expectSrv(server, `_https._tcp.web.${SHAPES}`, [`443 web.${SHAPES}.`]);
    await expectSrv(server, `_https._tcp.kubernetes.default.svc.${ZONE}`, [
      `443 kubernetes.default.svc.${ZONE}.`,
    ]);
  });

  test('S-08: priority and weight of an SRV record are numbers that add up to at most 100', async () => {
    const { answer } = await expectReply(server, `web.${SHAPES}`, 'SRV', { count: 2 });
    const weights = answer.map((record) => Number(record.split(' ')[5]));
    expect(Math.min(...weights)).toBeGreaterThan(0);
    expect(weights.reduce((sum, weight) => sum + weight)).toBeLessThanOrEqual(100);
  });

  test('S-09: an unnamed port has no SRV name', async () => {
    await expectNoName(server, `_http._tcp.plain.${SHAPES}`, 'SRV');
  });

  test('S-10: the target of an SRV record comes with its address', async () => {
    const { additional } = await expectReply(server, `_http._tcp.web.${SHAPES}`, 'SRV', {
      count: 1,
    });
    expect(additional).toEqual([`web.${SHAPES}. 5 IN A 10.0.0.100`]);
  });

  test('S-11: a PTR record for an IPv4 cluster IP', async () => {
    await expectAnswer(server, '100.0.0.10.in-addr.arpa', 'PTR', [`web.${SHAPES}.`]);
  });

  test('S-12: a PTR record for an IPv6 cluster IP, all 32 nibbles reversed', async () => {
    await expectAnswer(server, reverseName('fd00:10::64'), 'PTR', [`six.${SHAPES}.`]);
    await expectAnswer(server, reverseName('fd00:10::66'), 'PTR', [`dual.${SHAPES}.`]);
  });

  test('D-06: an endpoint has a name below a service with a cluster IP too', async () => {
    const [address] = pod(/^web-/);
    await expectAnswer(server, `${address.replaceAll('.', '-')}.web.${SHAPES}`, 'A', [address]);
  });

  test('D-08: SRV at the bare service name gives one record a port', async () => {
    await expectSrv(server, `web.${SHAPES}`, [`443 web.${SHAPES}.`, `80 web.${SHAPES}.`]);
  });

  test('D-14: a service whose name begins with a digit has its records', async () => {
    await expectAnswer(server, `1web.${SHAPES}`, 'A', ['10.0.0.103']);
  });

  test('R-51, R-56: a NodePort or LoadBalancer service answers with its cluster IP only', async () => {
    await expectAnswer(server, `balanced.${SHAPES}`, 'A', ['10.0.0.104']);
  });
});

describe('names of headless services', () => {
  test('S-13: one A record per ready IPv4 endpoint at the service name', async () => {
    await expectAnswer(
      server,
      `db.${SHAPES}`,
      'A',
      podsOf(/^db-/).map(([v4]) => v4),
    );
  });

  test('S-16: one AAAA record per ready IPv6 endpoint at the service name', async () => {
    await expectAnswer(
      server,
      `db.${SHAPES}`,
      'AAAA',
      podsOf(/^db-/).map(([, v6]) => v6),
    );
  });

  test('S-14: without a ready endpoint the name does not exist', async () => {
    await expectNoName(server, `empty.${SHAPES}`, 'A');
    await expectNoName(server, `empty.${SHAPES}`, 'AAAA');
  });

  test('S-15, S-17: the pods of a StatefulSet have their hostname below the service', async () => {
    for (const name of ['db-0', 'db-1', 'db-2']) {
      const [v4, v6] = pod(new RegExp(`^${name}$`));
      await expectAnswer(server, `${name}.db.${SHAPES}`, 'A', [v4]);
      await expectAnswer(server, `${name}.db.${SHAPES}`, 'AAAA', [v6]);
    }
  });

  test('S-15: several addresses under one hostname are all answered', async () => {
    await expectAnswer(server, `alpha.manual.${SHAPES}`, 'A', ['192.0.2.101', '192.0.2.104']);
    await expectAnswer(server, `alpha.manual.${SHAPES}`, 'AAAA', ['2001:db8::101']);
  });

  test('S-18, D-05: SRV for each endpoint and named port, with the port of the pod', async () => {
    const targets = [0, 1, 2].map((n) => `15432 db-${n}.db.${SHAPES}.`);
    const reply = await expectReply(server, `_sql._tcp.db.${SHAPES}`, 'SRV', { targets });
    expect(lastWords(reply.additional, 1)).toEqual(podsOf(/^db-/).flat().sort());
    const all = [15432, 19100].flatMap((port) =>
      [0, 1, 2].map((n) => `${port} db-${n}.db.${SHAPES}.`),
    );
    await expectSrv(server, `db.${SHAPES}`, all);
  });

  test('S-19: an unnamed port of a headless service has no SRV name, its addresses answer', async () => {
    await expectAnswer(server, `mirrored.${SHAPES}`, 'A', ['192.0.2.120']);
    await expectNoName(server, `_http._tcp.mirrored.${SHAPES}`, 'SRV');
  });

  test('S-20: a PTR record for a ready IPv4 endpoint with a hostname', async () => {
    const [v4] = pod(/^db-1$/);
    await expectAnswer(server, reverseName(v4), 'PTR', [`db-1.db.${SHAPES}.`]);
  });

  test('S-21: a PTR record for a ready IPv6 endpoint with a hostname', async () => {
    const [, v6] = pod(/^db-1$/);
    await expectAnswer(server, reverseName(v6), 'PTR', [`db-1.db.${SHAPES}.`]);
  });

  test('S-03, D-10: an endpoint without a hostname has its dashed address as label', async () => {
    const [v4, v6] = pod(/^web-/);
    await expectAnswer(server, `${v4.replaceAll('.', '-')}.stateless.${SHAPES}`, 'A', [v4]);
    await expectAnswer(server, `${v6.replaceAll(':', '-')}.stateless.${SHAPES}`, 'AAAA', [v6]);
  });

  test('D-10: an address that ends in colons has a nought at the end of its label', async () => {
    await expectAnswer(server, `2001-db8-5--0.portless.${SHAPES}`, 'AAAA', ['2001:db8:5::']);
    await expectAnswer(server, reverseName('2001:db8:5::'), 'PTR', [
      `2001-db8-5--0.portless.${SHAPES}.`,
    ]);
  });

  test('S-04: an endpoint that is not ready shows only where publishNotReadyAddresses is set', async () => {
    const [v4] = pod(/^unready$/);
    await expectAnswer(server, `eager.${SHAPES}`, 'A', [v4]);
    await expectNoName(server, `patient.${SHAPES}`, 'A');
  });

  test('D-07: a headless service without any port resolves, and has no SRV', async () => {
    await expectAnswer(server, `portless.${SHAPES}`, 'A', ['192.0.2.110']);
    await expectNoData(server, `portless.${SHAPES}`, 'SRV');
  });

  test('D-11: hostname and subdomain of a pod name it below the service of that subdomain', async () => {
    const [named] = pod(/^peer-named$/);
    const [unnamed] = pod(/^peer-unnamed$/);
    await expectAnswer(server, `ivy.peers.${SHAPES}`, 'A', [named]);
    await expectAnswer(server, `peers.${SHAPES}`, 'A', [named, unnamed]);
    await expectNoName(server, `peer-unnamed.peers.${SHAPES}`, 'A');
  });

  test('D-17: endpoints spread and repeated over several slices are merged', async () => {
    await expectAnswer(server, `manual.${SHAPES}`, 'A', [
      '192.0.2.101',
      '192.0.2.102',
      '192.0.2.104',
    ]);
    await expectAnswer(server, `manual.${SHAPES}`, 'AAAA', ['2001:db8::101']);
  });

  test('R-09: a target port by name has the number that each pod gives it', async () => {
    const targets = [`8001 one.versions.${SHAPES}.`, `8002 two.versions.${SHAPES}.`];
    await expectSrv(server, `_api._tcp.versions.${SHAPES}`, targets);
  });

  test('R-17: endpoints written by hand are mirrored and answered', async () => {
    await expectAnswer(server, `mirrored.${SHAPES}`, 'A', ['192.0.2.120']);
  });
});

describe('aliases', () => {
  test('S-22: an outside target comes as CNAME with the address that the block finds', async () => {
    const reply = await eventually(async () => {
      const found = await server.ask(`outside.${SHAPES}`, 'A');
      expect(found.answer).toHaveLength(2);
      return found;
    });
    expect(reply.answer.map(withoutTtl)).toEqual([
      `outside.${SHAPES}. IN CNAME ${OUTSIDE.name}.`,
      `${OUTSIDE.name}. IN A ${OUTSIDE.address.join('.')}`,
    ]);
    await expectAnswer(server, `outside.${SHAPES}`, 'CNAME', [`${OUTSIDE.name}.`]);
  });

  test('D-13: a target inside the cluster is followed inside the server', async () => {
    const reply = await server.ask(`alias.${SHAPES}`, 'A');
    expect(reply.answer).toEqual([
      `alias.${SHAPES}. 5 IN CNAME web.${SHAPES}.`,
      `web.${SHAPES}. 5 IN A 10.0.0.100`,
    ]);
  });

  test('D-12: an address as external name is no name, so there is no record', async () => {
    await expectNoName(server, `literal.${SHAPES}`, 'A');
  });
});

describe('names of the zone itself', () => {
  test('S-01: dns-version holds the version of the schema', async () => {
    await expectAnswer(server, `dns-version.${ZONE}`, 'TXT', ['"1.1.0"']);
  });

  test('D-04: the apex has SOA and NS, and the negative TTL is the SOA minimum', async () => {
    const soa = await server.ask(ZONE, 'SOA');
    expect(soa.answer).toHaveLength(1);
    expect(soa.answer[0]).toMatch(
      /^cluster\.local\. 5 IN SOA ns\.dns\.cluster\.local\. hostmaster\.cluster\.local\. \d+ 7200 1800 86400 5$/,
    );
    const negative = await server.ask(`nowhere.${SHAPES}`, 'A');
    expect(negative.authority).toHaveLength(1);
    expect(negative.authority[0]).toMatch(/^cluster\.local\. 5 IN SOA .* 5$/);
  });

  test('D-04: NS is the service that this server is an endpoint of, with its address', async ({
    skip,
  }) => {
    const own = ownAddress();
    skip(
      own === undefined,
      'this machine has no address but loopback, and endpoints may not be that',
    );
    await applyDnsService(own ?? '');
    const reply = await expectReply(server, ZONE, 'NS', {
      values: [`kube-dns.kube-system.svc.${ZONE}.`],
    });
    expect(reply.additional).toEqual([`kube-dns.kube-system.svc.${ZONE}. 5 IN A 10.0.0.10`]);
    await expectAnswer(server, `ns.dns.${ZONE}`, 'A', ['10.0.0.10']);
  });

  test('D-03: names in between exist without records', async () => {
    await expectNoData(server, `svc.${ZONE}`, 'A');
    await expectNoData(server, SHAPES, 'A');
    await expectNoData(server, `pod.${ZONE}`, 'A');
    await expectNoData(server, `shapes.pod.${ZONE}`, 'A');
  });

  test('D-03: names in between exist for every type, below services and backwards too', async ({
    skip,
  }) => {
    skip(peer, 'CoreDNS answers NXDOMAIN here, against RFC 8020');
    await expectNoData(server, `_tcp.web.${SHAPES}`, 'A');
    await expectNoData(server, ZONE, 'TXT');
    await expectNoData(server, `svc.${ZONE}`, 'TXT');
    await expectNoData(server, `dns.${ZONE}`, 'A');
    await expectNoData(server, '0.0.10.in-addr.arpa', 'PTR');
    await expectNoData(server, '100.0.0.10.in-addr.arpa', 'A');
    await expectNoData(server, `dns-version.${ZONE}`, 'A');
  });

  test('D-02: an existing name without the asked type is NODATA, never NXDOMAIN', async () => {
    await expectNoData(server, `web.${SHAPES}`, 'AAAA');
    await expectNoData(server, `six.${SHAPES}`, 'A');
    await expectNoData(server, `web.${SHAPES}`, 'MX');
    await expectNoData(server, `web.${SHAPES}`, 'TXT');
  });

  test('D-02: what does not exist is NXDOMAIN with the SOA of the zone', async () => {
    await expectNoName(server, `nowhere.${SHAPES}`, 'A');
    await expectNoName(server, `web.nowhere.svc.${ZONE}`, 'A');
    await expectNoName(server, `_ftp._tcp.web.${SHAPES}`, 'SRV');
    await expectNoName(server, `deep.er.deepest.web.${SHAPES}`, 'A');
    await expectNoName(server, '99.0.0.10.in-addr.arpa', 'PTR');
  });

  test('D-02: a name that does not exist does not exist for SOA either', async ({ skip }) => {
    skip(peer, 'CoreDNS answers NODATA to SOA of a missing name');
    await expectNoName(server, `nowhere.${SHAPES}`, 'SOA');
  });

  test('S-02: letter case does not matter, and the asked spelling comes back', async () => {
    const asked = `WeB.Shapes.SVC.${ZONE}`;
    const { answer } = await server.ask(asked, 'A');
    expect(answer).toEqual([`${asked}. 5 IN A 10.0.0.100`]);
    expect((await server.dig('WEB.shapes.svc.CLUSTER.local', 'AAAA')).status).toBe('NOERROR');
    await expectSrv(server, `_HTTP._TCP.web.${SHAPES}`, [`80 web.${SHAPES}.`]);
  });

  test('S-23: every reply is authoritative and claims no recursion for names of the zone', async () => {
    for (const name of [`web.${SHAPES}`, `nowhere.${SHAPES}`, SHAPES]) {
      expect((await server.dig(name, 'A')).flags).toEqual(['qr', 'aa', 'rd']);
    }
  });

  test("D-18, R-39 to R-42: each step of a pod's search list finds what the seed document says", async () => {
    await expectAnswer(server, `web.${SHAPES}`, 'A', ['10.0.0.100']);
    await expectAnswer(server, `web.shapes.svc.${ZONE}`, 'A', ['10.0.0.100']);
    await expectNoName(server, `web.default.svc.${ZONE}`, 'A');
    await expectNoName(server, `web.svc.${ZONE}`, 'A');
    await expectNoName(server, `web.${ZONE}`, 'A');
  });
});

describe('names of pods', () => {
  test('D-09: under pods insecure the address in the name is answered, if it is one', async () => {
    await expectAnswer(server, `1-2-3-4.shapes.pod.${ZONE}`, 'A', ['1.2.3.4']);
    await expectAnswer(server, `2001-db8--1.shapes.pod.${ZONE}`, 'AAAA', ['2001:db8::1']);
    await expectNoData(server, `1-2-3-4.shapes.pod.${ZONE}`, 'AAAA');
    await expectNoName(server, `1-2-3-4.nowhere.pod.${ZONE}`, 'A');
    await expectNoName(server, `web.shapes.pod.${ZONE}`, 'A');
  });

  test('D-09: under pods verified only the address of a pod of that namespace is answered', async () => {
    await withServer(['pods verified'], async () => {
      const [v4, v6] = pod(/^db-0$/);
      await expectAnswer(server, `${v4.replaceAll('.', '-')}.shapes.pod.${ZONE}`, 'A', [v4]);
      await expectAnswer(server, `${v6.replaceAll(':', '-')}.shapes.pod.${ZONE}`, 'AAAA', [v6]);
      await expectNoName(server, `${v4.replaceAll('.', '-')}.default.pod.${ZONE}`, 'A');
      await expectNoName(server, `1-2-3-4.shapes.pod.${ZONE}`, 'A');
    });
  });

  test('D-09: under pods disabled, the default, there are no pod names', async () => {
    await withServer([], async () => {
      await expectNoName(server, `1-2-3-4.shapes.pod.${ZONE}`, 'A');
      await expectNoName(server, `shapes.pod.${ZONE}`, 'A');
      await expectNoData(server, `pod.${ZONE}`, 'A');
    });
  });

  test("D-15: with endpoint_pod_names a pod's name is the label, unless it is too long for one", async () => {
    await withServer(['endpoint_pod_names'], async () => {
      const [v4] = pod(/^peer-unnamed$/);
      await expectAnswer(server, `peer-unnamed.peers.${SHAPES}`, 'A', [v4]);
      const [long] = pod(/^long-/);
      await expectAnswer(server, `${long.replaceAll('.', '-')}.long.${SHAPES}`, 'A', [long]);
    });
  });
});

/** Runs the cases inside against another server with these options. */
async function withServer(lines: readonly string[], cases: () => Promise<void>): Promise<void> {
  const usual = server;
  server = await ServerUnderTest.start(await serverOptions(lines));
  try {
    await cases();
  } finally {
    await server.stop();
    server = usual;
  }
}

async function runningPods(): Promise<Map<string, readonly [string, string]>> {
  const template =
    '{range .items[*]}{.metadata.name} {.status.podIPs[0].ip} {.status.podIPs[1].ip}{"\\n"}{end}';
  const text = await controlPlane.kubectl([
    'get',
    'pods',
    '-n',
    'shapes',
    '-o',
    `jsonpath=${template}`,
  ]);
  const pods = new Map<string, readonly [string, string]>();
  for (const line of text.trim().split('\n')) {
    const [name = '', v4, v6] = line.split(' ');
    if (v4 === undefined || v6 === undefined || v6 === '')
      throw new Error(`${name} has no addresses`);
    pods.set(name, [v4, v6]);
  }
  expect(pods.size).toBe(11);
  return pods;
}

function podsOf(pattern: RegExp): (readonly [v4: string, v6: string])[] {
  return [...podIPs].filter(([name]) => pattern.test(name)).map(([, addresses]) => addresses);
}

function pod(pattern: RegExp): readonly [v4: string, v6: string] {
  const [first] = podsOf(pattern);
  if (first === undefined) throw new Error(`no pod is called ${pattern.source}`);
  return first;
}

/** What a failing readiness probe does to a pod; kwok leaves a running pod alone. */
async function notReady(name: string): Promise<void> {
  const status = { conditions: [{ type: 'Ready', status: 'False' }] };
  const patch = ['--subresource=status', '-p', JSON.stringify({ status })];
  await controlPlane.kubectl(['patch', 'pod', name, '-n', 'shapes', ...patch]);
}

/** An address of this machine that may stand in an endpoint, as this server's pod address would. */
function ownAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

async function applyDnsService(address: string): Promise<void> {
  const metadata = { name: 'kube-dns', namespace: 'kube-system' };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { clusterIP: '10.0.0.10', ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kube-dns' } },
    addressType: 'IPv4',
    ports: [{ name: 'dns', port: 53, protocol: 'UDP' }],
    endpoints: [{ addresses: [address] }],
  };
  for (const object of [service, slice]) {
    await controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
  }
}

const withoutTtl = (record: string): string => record.replace(/ \d+ IN /, ' IN ');
