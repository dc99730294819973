import { describe, expect, it } from 'vitest';
import { cutObject } from '../../src/kube/cut-object.js';
import { Interner } from '../../src/kube/interner.js';
import type { KubeService } from '../../src/kube/objects.js';
import { serviceVariables } from '../../src/records/service-variables.js';

interface Wish {
  readonly namespace?: string;
  readonly createdAt?: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A service as the API shows it, through the same door as in the server. */
function service(name: string, { namespace = 'prod', createdAt, spec }: Wish): KubeService {
  const metadata = { name, namespace, resourceVersion: '1', creationTimestamp: createdAt ?? null };
  const { object } = cutObject('Service', { metadata, spec }, new Interner());
  if (object?.kind !== 'Service') throw new Error(`${name} is no service`);
  return object;
}

function lines(services: readonly KubeService[], more: Partial<{ startedAt: string }> = {}) {
  const startedAt = more.startedAt === undefined ? {} : { startedAt: Date.parse(more.startedAt) };
  return serviceVariables(services, { namespace: 'prod', serviceLinks: true, ...startedAt }).map(
    ({ name, value }) => `${name}=${value}`,
  );
}

const FOO_BAR = service('foo-bar', {
  spec: { clusterIP: '1.2.3.4', ports: [{ port: 8080, protocol: 'TCP' }] },
});
const ABC_123 = service('abc-123', {
  spec: {
    clusterIP: '5.6.7.8',
    ports: [
      { name: 'u-d-p', port: 8081, protocol: 'UDP' },
      { name: 't-c-p', port: 8081, protocol: 'TCP' },
    ],
  },
});
const Q_U_U_X = service('q-u-u-x', {
  spec: {
    clusterIP: '9.8.7.6',
    ports: [
      { port: 8082, protocol: 'TCP' },
      { name: '8083', port: 8083, protocol: 'TCP' },
    ],
  },
});

describe('service variables', () => {
  it('R-33: redis-master gives the seven lines of the Services document, in their order', () => {
    const redis = service('redis-master', {
      spec: { clusterIP: '10.0.0.11', ports: [{ port: 6379 }] },
    });
    expect(lines([redis])).toEqual([
      'REDIS_MASTER_SERVICE_HOST=10.0.0.11',
      'REDIS_MASTER_SERVICE_PORT=6379',
      'REDIS_MASTER_PORT=tcp://10.0.0.11:6379',
      'REDIS_MASTER_PORT_6379_TCP=tcp://10.0.0.11:6379',
      'REDIS_MASTER_PORT_6379_TCP_PROTO=tcp',
      'REDIS_MASTER_PORT_6379_TCP_PORT=6379',
      'REDIS_MASTER_PORT_6379_TCP_ADDR=10.0.0.11',
    ]);
  });

  it('R-32: the name is in upper case, its dashes underscores', () => {
    expect(lines([FOO_BAR])).toEqual([
      'FOO_BAR_SERVICE_HOST=1.2.3.4',
      'FOO_BAR_SERVICE_PORT=8080',
      'FOO_BAR_PORT=tcp://1.2.3.4:8080',
      'FOO_BAR_PORT_8080_TCP=tcp://1.2.3.4:8080',
      'FOO_BAR_PORT_8080_TCP_PROTO=tcp',
      'FOO_BAR_PORT_8080_TCP_PORT=8080',
      'FOO_BAR_PORT_8080_TCP_ADDR=1.2.3.4',
    ]);
  });

  it('R-31: each port has its Docker links, in the order of the object, also one number twice', () => {
    expect(lines([ABC_123])).toEqual([
      'ABC_123_SERVICE_HOST=5.6.7.8',
      'ABC_123_SERVICE_PORT=8081',
      'ABC_123_SERVICE_PORT_U_D_P=8081',
      'ABC_123_SERVICE_PORT_T_C_P=8081',
      'ABC_123_PORT=udp://5.6.7.8:8081',
      'ABC_123_PORT_8081_UDP=udp://5.6.7.8:8081',
      'ABC_123_PORT_8081_UDP_PROTO=udp',
      'ABC_123_PORT_8081_UDP_PORT=8081',
      'ABC_123_PORT_8081_UDP_ADDR=5.6.7.8',
      'ABC_123_PORT_8081_TCP=tcp://5.6.7.8:8081',
      'ABC_123_PORT_8081_TCP_PROTO=tcp',
      'ABC_123_PORT_8081_TCP_PORT=8081',
      'ABC_123_PORT_8081_TCP_ADDR=5.6.7.8',
    ]);
  });

  it('R-32: an unnamed port in front of named ones gives the plain variables', () => {
    expect(lines([Q_U_U_X])).toEqual([
      'Q_U_U_X_SERVICE_HOST=9.8.7.6',
      'Q_U_U_X_SERVICE_PORT=8082',
      'Q_U_U_X_SERVICE_PORT_8083=8083',
      'Q_U_U_X_PORT=tcp://9.8.7.6:8082',
      'Q_U_U_X_PORT_8082_TCP=tcp://9.8.7.6:8082',
      'Q_U_U_X_PORT_8082_TCP_PROTO=tcp',
      'Q_U_U_X_PORT_8082_TCP_PORT=8082',
      'Q_U_U_X_PORT_8082_TCP_ADDR=9.8.7.6',
      'Q_U_U_X_PORT_8083_TCP=tcp://9.8.7.6:8083',
      'Q_U_U_X_PORT_8083_TCP_PROTO=tcp',
      'Q_U_U_X_PORT_8083_TCP_PORT=8083',
      'Q_U_U_X_PORT_8083_TCP_ADDR=9.8.7.6',
    ]);
  });

  it('an IPv6 address stands in brackets within an URL only; a second family gives nothing', () => {
    const dual = service('six', {
      spec: {
        clusterIP: '2001:db8::1',
        clusterIPs: ['2001:db8::1', '192.0.2.1'],
        ports: [{ port: 777, protocol: 'SCTP' }],
      },
    });
    expect(lines([dual])).toEqual([
      'SIX_SERVICE_HOST=2001:db8::1',
      'SIX_SERVICE_PORT=777',
      'SIX_PORT=sctp://[2001:db8::1]:777',
      'SIX_PORT_777_SCTP=sctp://[2001:db8::1]:777',
      'SIX_PORT_777_SCTP_PROTO=sctp',
      'SIX_PORT_777_SCTP_PORT=777',
      'SIX_PORT_777_SCTP_ADDR=2001:db8::1',
    ]);
  });

  it('R-30: headless, address-less and ExternalName services give none', () => {
    const ports = [{ port: 80 }];
    const services = [
      service('headless', { spec: { clusterIP: 'None', ports } }),
      service('pending', { spec: { clusterIP: '', ports } }),
      service('outside', {
        spec: { type: 'ExternalName', externalName: 'db.example.org', ports },
      }),
      service('elsewhere', { namespace: 'test', spec: { clusterIP: '1.2.3.4', ports } }),
    ];
    expect(lines(services)).toEqual([]);
  });

  it('R-34: services created after the start are left out, those of the same second are not', () => {
    const at = (name: string, createdAt: string): KubeService =>
      service(name, { createdAt, spec: { clusterIP: '1.2.3.4', ports: [{ port: 80 }] } });
    const services = [
      at('before', '2026-01-01T00:00:00Z'),
      at('with', '2026-01-01T12:00:00Z'),
      at('after', '2026-01-01T12:00:01Z'),
    ];
    const hosts = lines(services, { startedAt: '2026-01-01T12:00:00Z' })
      .filter((line) => line.includes('_SERVICE_HOST='))
      .map((line) => line.split('_')[0]);
    expect(hosts).toEqual(['BEFORE', 'WITH']);
  });

  it('the services come by name, whatever the order of the list', () => {
    const hosts = lines([Q_U_U_X, FOO_BAR, ABC_123]).filter((line) => line.includes('HOST'));
    expect(hosts).toEqual([
      'ABC_123_SERVICE_HOST=5.6.7.8',
      'FOO_BAR_SERVICE_HOST=1.2.3.4',
      'Q_U_U_X_SERVICE_HOST=9.8.7.6',
    ]);
  });

  it('a service kubernetes of the namespace goes before that of default, in either order', () => {
    const ports = [{ port: 443 }];
    const own = service('kubernetes', { spec: { clusterIP: '10.0.0.5', ports } });
    const api = service('kubernetes', {
      namespace: 'default',
      spec: { clusterIP: '10.0.0.1', ports },
    });
    expect(lines([own, api])[0]).toBe('KUBERNETES_SERVICE_HOST=10.0.0.5');
    expect(lines([api, own])[0]).toBe('KUBERNETES_SERVICE_HOST=10.0.0.5');
    const unlinked = serviceVariables([own, api], { namespace: 'prod', serviceLinks: false });
    expect(unlinked[0]?.value).toBe('10.0.0.1');
  });

  it('a name that two services claim is there once, with its rivals', () => {
    const spec = { clusterIP: '1.2.3.4', ports: [{ port: 80 }] };
    const variables = serviceVariables([service('a', { spec }), service('a-service', { spec })], {
      namespace: 'prod',
      serviceLinks: true,
    });
    expect(variables.filter(({ name }) => name === 'A_SERVICE_PORT')).toEqual([
      {
        name: 'A_SERVICE_PORT',
        value: 'tcp://1.2.3.4:80',
        service: 'prod/a-service',
        rivals: ['prod/a'],
      },
    ]);
  });
});
