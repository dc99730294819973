/** The sample manifests of config/demo on a real control plane: accepted as they are, answered as they say. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlane } from './control-plane.js';
import { eventually } from './eventually.js';
import { expectAnswer, expectNoName, expectReply } from './expectation.js';
import { repositoryRoot } from './repository.js';
import { ServerUnderTest } from './server-under-test.js';

const ZONE = 'cluster.local';

let controlPlane: ControlPlane;
let server: ServerUnderTest;

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

test('R-04: the API server takes every sample manifest', async () => {
  const folder = join(repositoryRoot(), 'config', 'demo');
  // Pods are refused until their namespace has its service account, which a controller makes.
  const said = await eventually(() => controlPlane.kubectl(['apply', '-R', '-f', folder]));
  expect(said.trim().split('\n').length).toBeGreaterThan(10);
});

test('R-37, R-42: every service is answered with its cluster IPs, its endpoints or its alias', async () => {
  // a namespace and its pods take their time; the oracle is the API itself, asked again each round
  await eventually(async () => {
    const services = await listServices();
    expect(services.map(({ name }) => name)).toContain(`my-service.my-ns.svc.${ZONE}`);
    for (const service of services) await expectAsTheApiSays(service);
  });
});

interface Service {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly externalName: string;
}

async function expectAsTheApiSays(service: Service): Promise<void> {
  if (service.externalName !== '') {
    await expectReply(server, service.name, 'CNAME', { values: [`${service.externalName}.`] });
    return;
  }
  if (service.addresses.length === 0) {
    await expectNoName(server, service.name, 'A');
    return;
  }
  const six = service.addresses.filter((address) => address.includes(':'));
  const four = service.addresses.filter((address) => !address.includes(':'));
  if (four.length > 0) await expectAnswer(server, service.name, 'A', four);
  if (six.length > 0) await expectAnswer(server, service.name, 'AAAA', six);
}

/** All services with the addresses that DNS is to give: cluster IPs, or ready endpoints when headless. */
async function listServices(): Promise<Service[]> {
  const fields =
    '{.metadata.namespace}|{.metadata.name}|{.spec.clusterIPs[*]}|{.spec.externalName}';
  const lines = await list('services', `{range .items[*]}${fields}{"\\n"}{end}`);
  const endpoints = await readyEndpoints();
  return lines.map((line) => {
    const [namespace = '', name = '', clusterIPs = '', externalName = ''] = line.split('|');
    const key = `${namespace}/${name}`;
    const addresses = clusterIPs === 'None' ? (endpoints.get(key) ?? []) : words(clusterIPs);
    return { name: `${name}.${namespace}.svc.${ZONE}`, addresses, externalName };
  });
}

/** Ready addresses of the slices of each `namespace/service`, without repeats. */
async function readyEndpoints(): Promise<Map<string, string[]>> {
  const service = '{.metadata.labels.kubernetes\\.io/service-name}';
  const ready = '{.endpoints[?(@.conditions.ready!=false)].addresses[*]}';
  const fields = `{.metadata.namespace}|${service}|${ready}`;
  const lines = await list('endpointslices', `{range .items[*]}${fields}{"\\n"}{end}`);
  const endpoints = new Map<string, string[]>();
  for (const line of lines) {
    const [namespace = '', name = '', addresses = ''] = line.split('|');
    const key = `${namespace}/${name}`;
    endpoints.set(key, [...new Set([...(endpoints.get(key) ?? []), ...words(addresses)])]);
  }
  return endpoints;
}

async function list(kind: string, template: string): Promise<string[]> {
  const text = await controlPlane.kubectl(['get', kind, '-A', '-o', `jsonpath=${template}`]);
  return text.split('\n').filter((line) => line !== '');
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
