/** What svcdns does while a real API server is away, not there yet, or refuses it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControlPlane } from './control-plane.js';
import { eventually } from './eventually.js';
import { expectAnswer, expectNoName } from './expectation.js';
import { type ServerOptions, ServerUnderTest, serverName } from './server-under-test.js';

const KUBERNETES = 'kubernetes.default.svc.cluster.local';
const peer = serverName() === 'coredns';

let controlPlane: ControlPlane;
let kubeconfig: string;

beforeAll(async () => {
  controlPlane = await ControlPlane.start();
  kubeconfig = await controlPlane.restrictedKubeconfig();
});

afterAll(async () => {
  await controlPlane?.stop();
});

describe('an API server that goes away', () => {
  test('answers go on from the last state, and catch up once it is back', async () => {
    await withServer(ServerUnderTest.start(options()), async (server) => {
      await create('before', '10.0.0.210');
      await create('doomed', '10.0.0.211');
      await expectAnswer(server, defaultName('before'), 'A', ['10.0.0.210']);
      await expectAnswer(server, defaultName('doomed'), 'A', ['10.0.0.211']);
      await controlPlane.stopApiServer();
      for (let i = 0; i < 20; i++) {
        await expectAnswer(server, defaultName('before'), 'A', ['10.0.0.210']);
        await expectNoName(server, defaultName('after'), 'A');
      }
      expect((await server.ready()).status).toBe(200);
      await controlPlane.startApiServer();
      // Before the server's watch is back, most likely: what it missed must still reach it.
      await controlPlane.kubectl(['delete', 'service', 'doomed']);
      await create('after', '10.0.0.212');
      await expectAnswer(server, defaultName('after'), 'A', ['10.0.0.212']);
      await expectNoName(server, defaultName('doomed'), 'A');
      await expectAnswer(server, defaultName('before'), 'A', ['10.0.0.210']);
    });
  });

  test('what changes while it is away is seen afterwards, although no event tells of it', async () => {
    await withServer(ServerUnderTest.start(options()), async (server) => {
      await create('silent', '10.0.0.213');
      await expectAnswer(server, defaultName('silent'), 'A', ['10.0.0.213']);
      await controlPlane.stopApiServer();
      await controlPlane.deleteFromStorage('services/specs/default/silent');
      await expectAnswer(server, defaultName('silent'), 'A', ['10.0.0.213']);
      await controlPlane.startApiServer();
      await expectNoName(server, defaultName('silent'), 'A');
      await expectNoName(server, '213.0.0.10.in-addr.arpa', 'PTR');
    });
  });
});

describe('an API server that is not there yet', () => {
  test('names of the zone are SERVFAIL and /ready names what is missing, until the lists are in', async () => {
    await controlPlane.stopApiServer();
    await withServer(ServerUnderTest.launch(options()), async (server) => {
      await eventually(async () => {
        expect((await server.dig(KUBERNETES, 'A')).status).toBe('SERVFAIL');
      });
      const missing = await server.ready();
      expect(missing.status).toBe(503);
      expect(missing.body).toContain('kubernetes');
      // CoreDNS names the plugin only
      const lists = peer ? [] : ['namespaces', 'services', 'endpointslices'];
      for (const list of lists) expect(missing.body).toContain(list);
      expect((await server.health()).status).toBe(200);
      await controlPlane.startApiServer();
      await server.untilReady();
      await expectAnswer(server, KUBERNETES, 'A', ['10.0.0.1']);
    });
  });
});

describe('an API server that refuses', () => {
  test('the shipped role may list and watch what it needs, and nothing else', async () => {
    const account = '--as=system:serviceaccount:kube-system:svcdns';
    const may = async (verb: string, resource: string): Promise<string> => {
      // can-i says no with exit code 1
      const asked = controlPlane.kubectl(['auth', 'can-i', verb, resource, '-A', account]);
      return asked.then(
        (text) => text.trim(),
        () => 'no',
      );
    };
    for (const resource of ['services', 'endpointslices.discovery.k8s.io', 'namespaces', 'pods']) {
      expect([resource, await may('list', resource)]).toEqual([resource, 'yes']);
      expect([resource, await may('watch', resource)]).toEqual([resource, 'yes']);
      for (const verb of ['get', 'create', 'update', 'patch', 'delete']) {
        expect([verb, resource, await may(verb, resource)]).toEqual([verb, resource, 'no']);
      }
    }
    for (const resource of ['secrets', 'configmaps', 'nodes', 'endpoints', 'events']) {
      expect([resource, await may('list', resource)]).toEqual([resource, 'no']);
    }
  });

  test('a missing permission is named, and served once it is granted', async () => {
    await controlPlane.kubectl(['create', 'serviceaccount', 'poor', '--namespace=default']);
    const role = ['create', 'clusterrole', 'poor', '--verb=list,watch'];
    await controlPlane.kubectl([...role, '--resource=services,namespaces']);
    const binding = ['create', 'clusterrolebinding', 'poor', '--serviceaccount=default:poor'];
    await controlPlane.kubectl([...binding, '--clusterrole=poor']);
    const poor = await controlPlane.kubeconfigOf('default', 'poor');
    await withServer(ServerUnderTest.launch({ ...options(), kubeconfig: poor }), async (server) => {
      await eventually(() => {
        expect(server.daemon.log()).toMatch(/endpointslices.* is forbidden/);
      });
      const missing = await server.ready();
      expect(missing.status).toBe(503);
      if (!peer) {
        expect(missing.body).toContain('EndpointSlice not allowed to watch endpointslices');
        expect(missing.body).toContain('add to the ClusterRole: apiGroups: ["discovery.k8s.io"]');
        expect(missing.body).not.toContain('Service not allowed');
      }
      const rules = ['create', 'clusterrole', 'rich', '--verb=list,watch'];
      await controlPlane.kubectl([...rules, '--resource=endpointslices.discovery.k8s.io']);
      const more = ['create', 'clusterrolebinding', 'rich', '--serviceaccount=default:poor'];
      await controlPlane.kubectl([...more, '--clusterrole=rich']);
      await server.untilReady();
      await expectAnswer(server, KUBERNETES, 'A', ['10.0.0.1']);
    });
  });
});

describe('the process', () => {
  test('SIGTERM ends it with code 0', async () => {
    const server = await ServerUnderTest.start(options());
    await server.stop();
    expect(server.daemon.exitCode).toBe(0);
  });
});

const defaultName = (service: string): string => `${service}.default.svc.cluster.local`;

function options(): ServerOptions {
  return { folder: controlPlane.folder, kubeconfig };
}

async function create(name: string, clusterIP: string): Promise<void> {
  const args = ['create', 'service', 'clusterip', name, '--tcp=80', `--clusterip=${clusterIP}`];
  await controlPlane.kubectl(args);
}

async function withServer(
  starting: Promise<ServerUnderTest>,
  cases: (server: ServerUnderTest) => Promise<void>,
): Promise<void> {
  const server = await starting;
  try {
    await cases(server);
  } finally {
    await server.stop();
  }
}
