/** Cutting API objects: what is kept, what is left out and why; nothing may throw. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutObject } from '../../src/kube/cut-object.js';
import { Interner } from '../../src/kube/interner.js';
import type { KubeKind, KubeObject } from '../../src/kube/objects.js';

const interner = new Interner();

function cut(
  kind: KubeKind,
  value: unknown,
): { object: KubeObject | undefined; dropped: readonly string[] } {
  const { object, dropped } = cutObject(kind, value, interner);
  return { object, dropped };
}

const metadata = { namespace: 'shop', name: 'web', resourceVersion: '7' };

describe('a Service', () => {
  it('keeps what DNS and the environment variables need', () => {
    const whole = {
      metadata: {
        ...metadata,
        creationTimestamp: '2024-05-01T10:00:00Z',
        annotations: { 'svcdns.io/prefer': 'zone', 'kubectl.kubernetes.io/last-applied': '{}' },
        managedFields: [{ manager: 'kubectl' }],
      },
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.0.0.5',
        clusterIPs: ['10.0.0.5', 'FD00:0:0::5'],
        externalIPs: ['192.0.2.1'],
        publishNotReadyAddresses: true,
        ports: [
          { name: 'http', port: 80, targetPort: 'web', nodePort: 30080 },
          { port: 53, protocol: 'UDP' },
        ],
      },
      status: {
        loadBalancer: { ingress: [{ ip: '203.0.113.1' }, { hostname: 'lb.example.org' }] },
      },
    };
    expect(cut('Service', whole)).toEqual({
      object: {
        kind: 'Service',
        namespace: 'shop',
        name: 'web',
        resourceVersion: '7',
        type: 'LoadBalancer',
        headless: false,
        clusterIPs: ['10.0.0.5', 'fd00::5'],
        externalName: '',
        ports: [
          { name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 },
          { name: '', port: 53, protocol: 'UDP', nodePort: 0 },
        ],
        externalIPs: ['192.0.2.1'],
        ingress: [
          { ip: '203.0.113.1', hostname: '' },
          { ip: '', hostname: 'lb.example.org' },
        ],
        createdAt: Date.UTC(2024, 4, 1, 10),
        publishNotReadyAddresses: true,
        annotations: { 'svcdns.io/prefer': 'zone' },
      },
      dropped: [],
    });
  });

  it('is headless by clusterIP or clusterIPs, and then has no addresses of its own', () => {
    for (const spec of [{ clusterIP: 'None' }, { clusterIPs: ['None'] }]) {
      expect(cut('Service', { metadata, spec }).object).toMatchObject({
        headless: true,
        clusterIPs: [],
      });
    }
  });

  it('without an address yet is neither headless nor faulty', () => {
    expect(cut('Service', { metadata })).toMatchObject({
      object: { type: 'ClusterIP', headless: false, clusterIPs: [], ports: [] },
      dropped: [],
    });
  });

  it('takes an old object that has clusterIP alone', () => {
    const { object } = cut('Service', { metadata, spec: { clusterIP: '10.0.0.5' } });
    expect(object).toMatchObject({ clusterIPs: ['10.0.0.5'] });
  });

  it('of type ExternalName keeps its target only when it is a name', () => {
    const external = (externalName: unknown): unknown => ({
      metadata,
      spec: { type: 'ExternalName', externalName, clusterIP: '10.0.0.9' },
    });
    expect(cut('Service', external('DB.example.org.')).object).toMatchObject({
      externalName: 'DB.example.org.',
      clusterIPs: [],
    });
    for (const bad of [
      '',
      'a..b',
      `${'x'.repeat(64)}.org`,
      'a b.org',
      'a\u0000.org',
      'a\\.org',
      7,
    ]) {
      expect(cut('Service', external(bad))).toMatchObject({
        object: { externalName: '' },
        dropped: ['spec.externalName is not a domain name'],
      });
    }
  });

  it('loses ports that are none, with the reason, and keeps the others', () => {
    const ports = [
      { port: 0 },
      { port: 65_536 },
      { port: 80.5 },
      { port: '80' },
      { port: 80, protocol: 'QUIC' },
      { port: 80, name: 'Not_A_Label' },
      { port: 80, name: 7 },
      'port',
      { port: 443, name: 'https' },
    ];
    const { object, dropped } = cut('Service', { metadata, spec: { ports } });
    expect(object).toMatchObject({ ports: [{ name: 'https', port: 443 }] });
    expect(dropped).toEqual([
      'spec.ports holds a port outside of 1 to 65535',
      'spec.ports holds a protocol other than TCP, UDP and SCTP',
      'spec.ports holds a port whose name is no DNS label',
      'spec.ports holds something that is no port',
    ]);
  });

  it('keeps a thousand of ten thousand ports', () => {
    const ports = Array.from({ length: 10_000 }, (_, i) => ({ port: (i % 65_535) + 1 }));
    const { object, dropped } = cut('Service', { metadata, spec: { ports } });
    expect(object?.kind === 'Service' && object.ports.length).toBe(1000);
    expect(dropped).toEqual(['spec.ports has more than 1000 ports']);
  });

  it('keeps no annotation that is longer than a policy can be', () => {
    const annotations = { 'svcdns.io/a': 'x'.repeat(1_000_000), 'svcdns.io/b': 'y' };
    const { object, dropped } = cut('Service', { metadata: { ...metadata, annotations } });
    expect(object).toMatchObject({ annotations: { 'svcdns.io/b': 'y' } });
    expect(dropped).toHaveLength(1);
  });

  it.each([
    ['no metadata', {}],
    ['a name that is no text', { metadata: { ...metadata, name: 7 } }],
    ['a name of 64 octets', { metadata: { ...metadata, name: 'x'.repeat(64) } }],
    ['a name with a dot', { metadata: { ...metadata, name: 'a.b' } }],
    ['a name with a control byte', { metadata: { ...metadata, name: 'a\u0001' } }],
    ['a namespace in capitals', { metadata: { ...metadata, namespace: 'Shop' } }],
    ['no namespace', { metadata: { name: 'web' } }],
    ['a list', []],
    ['null', null],
  ])('with %s is not kept', (_, value) => {
    const { object, dropped } = cut('Service', value);
    expect(object).toBeUndefined();
    expect(dropped).toHaveLength(1);
  });
});

describe('addresses', () => {
  it.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0000:0000:0001::', '2001:db8:0:0:1::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['010.001.000.002', '10.1.0.2'],
  ])('%s is spelled %s', (given, canonical) => {
    const { object } = cut('Service', { metadata, spec: { externalIPs: [given, canonical] } });
    expect(object).toMatchObject({ externalIPs: [canonical] });
  });

  it.each([
    '256.0.0.1',
    '1.2.3',
    'fe80::1%eth0',
    '2001:db8::1::',
    'host',
    '',
    7,
    null,
    '1'.repeat(46),
  ])('%s is none', (given) => {
    const { object, dropped } = cut('Service', { metadata, spec: { externalIPs: [given] } });
    expect(object).toMatchObject({ externalIPs: [] });
    expect(dropped).toEqual(['spec.externalIPs holds something that is no IP address']);
  });
});

describe('an EndpointSlice', () => {
  const labels = { 'kubernetes.io/service-name': 'web' };
  const slice = (more: object): unknown => ({
    metadata: { ...metadata, name: 'web-abc.1', labels },
    addressType: 'IPv4',
    ...more,
  });

  it('keeps addresses, hostnames, conditions and ports', () => {
    const given = slice({
      metadata: {
        ...metadata,
        name: 'web-1',
        labels,
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2024-05-01T10:00:00Z' },
      },
      endpoints: [
        {
          addresses: ['10.1.0.1'],
          hostname: 'web-0',
          conditions: { ready: true, serving: true, terminating: false },
          targetRef: { kind: 'Pod', name: 'web-0' },
          nodeName: 'node-1',
          zone: 'zone-a',
        },
      ],
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: 'all', port: null },
      ],
    });
    expect(cut('EndpointSlice', given)).toEqual({
      object: {
        kind: 'EndpointSlice',
        namespace: 'shop',
        name: 'web-1',
        resourceVersion: '7',
        serviceName: 'web',
        addressType: 'IPv4',
        endpoints: [
          {
            addresses: ['10.1.0.1'],
            hostname: 'web-0',
            ready: true,
            serving: true,
            terminating: false,
            podName: 'web-0',
            nodeName: 'node-1',
            zone: 'zone-a',
          },
        ],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
        changeTriggeredAt: Date.UTC(2024, 4, 1, 10),
      },
      dropped: [],
    });
  });

  it.each([
    [undefined, { ready: true, serving: true, terminating: false }],
    [{ ready: null }, { ready: true, serving: true }],
    [{ ready: false }, { ready: false, serving: false }],
    [
      { ready: false, serving: true, terminating: true },
      { ready: false, serving: true, terminating: true },
    ],
  ])('reads the conditions %j as %j', (conditions, read) => {
    const { object } = cut(
      'EndpointSlice',
      slice({ endpoints: [{ addresses: ['10.1.0.1'], conditions }] }),
    );
    expect(object).toMatchObject({ endpoints: [read] });
  });

  it('without a service, or of names instead of addresses, is not kept', () => {
    expect(cut('EndpointSlice', slice({ metadata })).dropped).toEqual([
      "it has no label kubernetes.io/service-name with a service's name",
    ]);
    expect(cut('EndpointSlice', slice({ addressType: 'FQDN' })).object).toBeUndefined();
  });

  it('loses addresses of the other family, and endpoints that have none left', () => {
    const endpoints = [
      { addresses: ['2001:db8::1'] },
      { addresses: ['10.1.0.1', '10.1.0.1'] },
      {},
      7,
    ];
    const { object, dropped } = cut('EndpointSlice', slice({ endpoints }));
    expect(object).toMatchObject({ endpoints: [{ addresses: ['10.1.0.1'] }] });
    expect(dropped).toEqual(['endpoints.addresses holds an address of another family than IPv4']);
  });

  it('shares equal ports with other slices', () => {
    const one = cut('EndpointSlice', slice({ ports: [{ name: 'http', port: 80 }] })).object;
    const other = cut('EndpointSlice', slice({ ports: [{ name: 'http', port: 80 }] })).object;
    expect(
      one?.kind === 'EndpointSlice' && other?.kind === 'EndpointSlice' && one.ports === other.ports,
    ).toBe(true);
  });
});

describe('a Pod', () => {
  it('keeps its addresses', () => {
    const pod = {
      metadata: { ...metadata, name: 'web-0', deletionTimestamp: '2024-05-01T10:00:00Z' },
      spec: { hostNetwork: true },
      status: {
        phase: 'Running',
        podIP: '10.1.0.1',
        podIPs: [{ ip: '10.1.0.1' }, { ip: 'FD00::1' }],
      },
    };
    expect(cut('Pod', pod).object).toMatchObject({
      podIPs: ['10.1.0.1', 'fd00::1'],
      hostNetwork: true,
      deleting: true,
    });
  });

  it('that has ended is not kept, and that is no fault', () => {
    expect(cut('Pod', { metadata, status: { phase: 'Succeeded', podIP: '10.1.0.1' } })).toEqual({
      object: undefined,
      dropped: [],
    });
  });
});

describe('a Namespace', () => {
  it('keeps its labels, whatever they are called', () => {
    const labels = JSON.parse('{"team":"a","__proto__":"b","bad":7}') as object;
    const { object, dropped } = cut('Namespace', { metadata: { name: 'com', labels } });
    expect(object?.kind === 'Namespace' && Object.entries(object.labels)).toEqual([
      ['team', 'a'],
      ['__proto__', 'b'],
    ]);
    expect(dropped).toEqual(['metadata.labels holds something that is no label']);
  });
});

describe('any JSON', () => {
  it('is cut without an exception', () => {
    const kinds: readonly KubeKind[] = ['Service', 'EndpointSlice', 'Namespace', 'Pod'];
    const fields = [
      'metadata',
      'name',
      'namespace',
      'labels',
      'spec',
      'status',
      'ports',
      'port',
      'endpoints',
      'addresses',
      'conditions',
      'clusterIPs',
      'addressType',
      'annotations',
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('web', 'IPv4', '10.0.0.1', 'None', 80, null, true, -1, '\u0000'),
        fc.string(),
        fc.dictionary(fc.constantFrom(...fields), tie('tree')),
        fc.array(tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(fc.constantFrom(...kinds), tree, fc.boolean(), (kind, value, named) => {
        const object =
          named && typeof value === 'object'
            ? { ...value, metadata: kind === 'Namespace' ? { name: 'web' } : metadata }
            : value;
        const { object: kept, dropped } = cut(kind, object);
        expect(kept !== undefined || dropped.length > 0 || kind === 'Pod').toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
