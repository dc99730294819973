/** Answers follow what a real API server and its controllers do: roll-outs, scaling, deletion. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ControlPlane } from './control-plane.js';
import { eventually } from './eventually.js';
import { expectAnswer, expectNoData, expectNoName, expectReply, lastWords } from './expectation.js';
import { reverseName } from './reverse-name.js';
import { ServerUnderTest } from './server-under-test.js';

const ZONE = 'cluster.local';

let controlPlane: ControlPlane;
let server: ServerUnderTest;
/** Each case has a namespace of its own. */
let namespace = '';
let count = 0;

beforeAll(async () => {
  controlPlane = await ControlPlane.start();
  server = await ServerUnderTest.start({
    folder: controlPlane.folder,
    kubeconfig: await controlPlane.restrictedKubeconfig(),
  });
});

afterAll(async () => {
  await server?.stop();
  await controlPlane?.stop();
});

beforeEach(async () => {
  count += 1;
  namespace = `case-${count}`;
  await controlPlane.kubectl(['create', 'namespace', namespace]);
  await eventually(() => kubectl('get', 'serviceaccount', 'default'));
});

describe('creating and deleting', () => {
  test('R-35: a name that was denied a moment ago is answered as soon as its service exists', async () => {
    const name = serviceName('late');
    await expectNoName(server, name, 'A');
    await kubectl('create', 'service', 'clusterip', 'late', '--tcp=80', '--clusterip=10.0.0.200');
    await expectAnswer(server, name, 'A', ['10.0.0.200']);
    await expectAnswer(server, reverseName('10.0.0.200'), 'PTR', [`${name}.`]);
  });

  test('a deleted service is gone, forwards and backwards', async () => {
    await kubectl('create', 'service', 'clusterip', 'brief', '--tcp=80', '--clusterip=10.0.0.201');
    await expectAnswer(server, serviceName('brief'), 'A', ['10.0.0.201']);
    await kubectl('delete', 'service', 'brief');
    await expectNoName(server, serviceName('brief'), 'A');
    await expectNoName(server, reverseName('10.0.0.201'), 'PTR');
  });

  test('a service that comes back with another address has the new one only', async () => {
    await kubectl('create', 'service', 'clusterip', 'moved', '--tcp=80', '--clusterip=10.0.0.202');
    await expectAnswer(server, serviceName('moved'), 'A', ['10.0.0.202']);
    await kubectl('delete', 'service', 'moved');
    await kubectl('create', 'service', 'clusterip', 'moved', '--tcp=80', '--clusterip=10.0.0.203');
    await expectAnswer(server, serviceName('moved'), 'A', ['10.0.0.203']);
    await expectNoName(server, reverseName('10.0.0.202'), 'PTR');
  });

  test('a service that becomes an alias is answered as one', async () => {
    await kubectl('create', 'service', 'clusterip', 'target', '--tcp=80', '--clusterip=10.0.0.204');
    await kubectl('create', 'service', 'clusterip', 'turned', '--tcp=80', '--clusterip=10.0.0.205');
    await expectAnswer(server, serviceName('turned'), 'A', ['10.0.0.205']);
    const spec = { type: 'ExternalName', externalName: serviceName('target') };
    await kubectl('patch', 'service', 'turned', '-p', JSON.stringify({ spec }));
    await expectAnswer(server, serviceName('turned'), 'CNAME', [`${serviceName('target')}.`]);
    await expectReply(server, serviceName('turned'), 'A', { count: 2 });
    await expectNoName(server, reverseName('10.0.0.205'), 'PTR');
  });

  test('D-13: an alias follows the service that it points at', async () => {
    const target = serviceName('target');
    const alias = ['create', 'service', 'externalname', 'alias', `--external-name=${target}`];
    await kubectl(...alias);
    for (const address of ['10.0.0.206', '10.0.0.207']) {
      await kubectl(
        'create',
        'service',
        'clusterip',
        'target',
        '--tcp=80',
        `--clusterip=${address}`,
      );
      await eventually(async () => {
        const { answer } = await server.ask(serviceName('alias'), 'A');
        expect(lastWords(answer, 1)).toEqual([address, `${target}.`]);
      });
      await kubectl('delete', 'service', 'target');
    }
  });

  test("D-03: deleting a namespace takes all of its names, the namespace's own too", async () => {
    await expectNoData(server, `${namespace}.svc.${ZONE}`, 'A');
    await kubectl('create', 'service', 'clusterip', 'web', '--tcp=80', '--clusterip=10.0.0.208');
    await apply(headless('sets', 'sets'));
    await deploy('sets', 2);
    await expectReply(server, serviceName('sets'), 'A', { count: 2 });
    await expectAnswer(server, serviceName('web'), 'A', ['10.0.0.208']);
    await controlPlane.kubectl(['delete', 'namespace', namespace]);
    await expectNoName(server, serviceName('web'), 'A');
    await expectNoName(server, serviceName('sets'), 'A');
    await expectNoName(server, `${namespace}.svc.${ZONE}`, 'A');
    await expectNoName(server, reverseName('10.0.0.208'), 'PTR');
  });
});

describe('sets of pods', () => {
  test('scaling up, down, to nothing and back is followed exactly', async () => {
    await apply(headless('set', 'set'));
    await deploy('set', 2);
    await expectPods('set', 2);
    await scale('set', 7);
    await expectPods('set', 7);
    await scale('set', 1);
    await expectPods('set', 1);
    await scale('set', 0);
    await expectNoName(server, serviceName('set'), 'A');
    await scale('set', 3);
    await expectPods('set', 3);
  });

  test('D-17: more than 100 endpoints, spread over several slices, are all answered', async () => {
    await apply(headless('many', 'many'));
    await deploy('many', 130);
    await expectPods('many', 130);
    const slices = await kubectl('get', 'endpointslices', '-o', 'name');
    expect(slices.trim().split('\n').length).toBeGreaterThan(1);
    const cut = await server.dig(serviceName('many'), 'A', '+ignore');
    expect(cut.flags).toContain('tc');
    await expectReply(server, `_http._tcp.${serviceName('many')}`, 'SRV', { count: 130 });
    await scale('many', 5);
    await expectPods('many', 5);
  });

  test('during a rolling update the name always answers, and in the end with the new pods only', async () => {
    await apply(headless('roll', 'roll'));
    await deploy('roll', 4);
    await expectPods('roll', 4);
    const before = await podNames('roll');
    await kubectl('set', 'env', 'deployment/roll', 'VERSION=2');
    let rolling = true;
    const rolled = kubectl('rollout', 'status', 'deployment/roll').finally(() => {
      rolling = false;
    });
    while (rolling) {
      const { status, answer } = await server.dig(serviceName('roll'), 'A');
      expect([status, answer.length > 0]).toEqual(['NOERROR', true]);
    }
    await rolled;
    await expectPods('roll', 4);
    // by name: the address of a pod that is gone may be given to a new one
    const after = await podNames('roll');
    expect(after.filter((name) => before.includes(name))).toEqual([]);
  });

  test('S-04: a pod that is terminating is no longer answered', async () => {
    await apply(headless('set', 'set'));
    await apply(pod('leaving', { finalizers: ['example.org/hold'] }));
    await apply(pod('staying', {}));
    await expectReply(server, serviceName('set'), 'A', { count: 2 });
    await kubectl('delete', 'pod', 'leaving', '--wait=false');
    await expectAnswer(server, serviceName('set'), 'A', [await addressOf('staying')]);
    await kubectl('patch', 'pod', 'leaving', '-p', '{"metadata":{"finalizers":null}}');
    await expectAnswer(server, serviceName('set'), 'A', [await addressOf('staying')]);
  });

  test('S-04: a pod that becomes unready leaves the answer, and returns with its readiness', async () => {
    await apply(headless('set', 'set'));
    await apply(pod('one', {}));
    await apply(pod('two', {}));
    await expectReply(server, serviceName('set'), 'A', { count: 2 });
    await setReady('one', 'False');
    await expectAnswer(server, serviceName('set'), 'A', [await addressOf('two')]);
    await setReady('one', 'True');
    await expectReply(server, serviceName('set'), 'A', { count: 2 });
  });

  test('R-02: a pod whose labels change moves from one service to the other', async () => {
    await apply(headless('here', 'here'));
    await apply(headless('there', 'there'));
    await apply(pod('mover', { labels: { app: 'here' } }));
    const address = await eventually(() => addressOf('mover'));
    await expectAnswer(server, serviceName('here'), 'A', [address]);
    await expectNoName(server, serviceName('there'), 'A');
    await kubectl('label', 'pod', 'mover', 'app=there', '--overwrite');
    await expectAnswer(server, serviceName('there'), 'A', [address]);
    await expectNoName(server, serviceName('here'), 'A');
  });
});

const serviceName = (service: string): string => `${service}.${namespace}.svc.${ZONE}`;

async function kubectl(...args: readonly string[]): Promise<string> {
  return controlPlane.kubectl([`--namespace=${namespace}`, ...args]);
}

async function apply(object: unknown): Promise<void> {
  await controlPlane.kubectl(
    ['apply', `--namespace=${namespace}`, '-f', '-'],
    JSON.stringify(object),
  );
}

function headless(name: string, app: string): unknown {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  const spec = { clusterIP: 'None', selector: { app }, ports };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}

interface PodMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}

function pod(name: string, metadata: PodMetadata): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels: { app: 'set' }, ...metadata, name },
    spec: { containers: [{ name: 'main', image: 'example.org/main' }] },
  };
}

async function deploy(name: string, replicas: number): Promise<void> {
  await kubectl('create', 'deployment', name, '--image=example.org/main', `--replicas=${replicas}`);
}

async function scale(name: string, replicas: number): Promise<void> {
  await kubectl('scale', 'deployment', name, `--replicas=${replicas}`);
}

/** The answer is exactly the addresses of the deployment's pods, and there are `replicas` of them. */
async function expectPods(deployment: string, replicas: number): Promise<void> {
  await eventually(
    async () => {
      const addresses = await podAddresses(deployment);
      expect(addresses).toHaveLength(replicas);
      const { answer } = await server.ask(serviceName(deployment), 'A');
      expect(lastWords(answer, 1)).toEqual(addresses);
    },
    { timeoutMs: 60_000 },
  );
}

/** Addresses of the pods that are not on their way out, sorted. */
function podAddresses(app: string): Promise<string[]> {
  return livingPods(app, '{.status.podIP}');
}

/** Names of the pods that are not on their way out, sorted. */
function podNames(app: string): Promise<string[]> {
  return livingPods(app, '{.metadata.name}');
}

async function livingPods(app: string, field: string): Promise<string[]> {
  const line = `${field} {.metadata.deletionTimestamp}`;
  const template = `jsonpath={range .items[*]}${line}{"\\n"}{end}`;
  const text = await kubectl('get', 'pods', `--selector=app=${app}`, '-o', template);
  const lines = text.split('\n').map((pod) => pod.split(' '));
  const living = lines.filter(([value = '', deleted = '']) => value !== '' && deleted === '');
  return living.map(([value = '']) => value).sort();
}

async function addressOf(name: string): Promise<string> {
  const address = await kubectl('get', 'pod', name, '-o', 'jsonpath={.status.podIP}');
  if (address === '') throw new Error(`pod ${name} has no address yet`);
  return address;
}

async function setReady(name: string, status: 'True' | 'False'): Promise<void> {
  const patch = { status: { conditions: [{ type: 'Ready', status }] } };
  await kubectl('patch', 'pod', name, '--subresource=status', '-p', JSON.stringify(patch));
}
