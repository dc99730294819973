/** The sample manifests of config/demo on a real control plane: accepted as they are, answered as they say. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlane } from './control-plane.js';
import { eventually } from './eventually.js';
import { lastWords } from './expectation.js';
import { repositoryRoot } from './repository.js';
import { ServerUnderTest } from './server-under-test.js';

const DEMO = join(repositoryRoot(), 'config', 'demo');
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

test('R-04: the API server takes every sample manifest, each folder in the namespace of its name', async () => {
  for (const namespace of readdirSync(DEMO)) {
    await controlPlane.kubectl(['create', 'namespace', namespace]);
    const apply = ['apply', `--namespace=${namespace}`, '-R', '-f', join(DEMO, namespace)];
    // Pods are refused until their namespace has its service account, which a controller makes.
    await eventually(() => controlPlane.kubectl(apply));
  }
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

/** One try, no waiting: an oracle that is asked too early is asked again by the caller. */
async function expectAsTheApiSays(service: Service): Promise<void> {
  const asked = async (type: string): Promise<readonly string[]> => {
    const { answer } = await server.ask(service.name, type);
    return [service.name, type, ...lastWords(answer, 1)];
  };
  if (service.externalName !== '') {
    expect(await asked('CNAME')).toEqual([service.name, 'CNAME', `${service.externalName}.`]);
    return;
  }
  const six = service.addresses.filter((address) => address.includes(':')).sort();
  const four = service.addresses.filter((address) => !address.includes(':')).sort();
  expect(await asked('A')).toEqual([service.name, 'A', ...four]);
  expect(await asked('AAAA')).toEqual([service.name, 'AAAA', ...six]);
}

/** All services with the addresses that DNS is to give: cluster IPs, or ready endpoints when headless. */
async function listServices(): Promise<Service[]> {
  const clusterIPs = '{{range .spec.clusterIPs}}{{.}} {{end}}';
  const alias = '{{with .spec.externalName}}{{.}}{{end}}';
  const fields = `{{.metadata.namespace}}|{{.metadata.name}}|${clusterIPs}|${alias}`;
  const lines = await list('services', `{{range .items}}${fields}{{"\\n"}}{{end}}`);
  const endpoints = await readyEndpoints();
  return lines.map((line) => {
    const [namespace = '', name = '', given = '', externalName = ''] = line.split('|');
    const key = `${namespace}/${name}`;
    const addresses = given.trim() === 'None' ? (endpoints.get(key) ?? []) : words(given);
    return { name: `${name}.${namespace}.svc.${ZONE}`, addresses, externalName };
  });
}

/** Ready addresses of the slices of each `namespace/service`, without repeats. */
async function readyEndpoints(): Promise<Map<string, string[]>> {
  const service = '{{index .metadata.labels "kubernetes.io/service-name"}}';
  // a condition that is missing counts as ready
  const ready =
    '{{if ne (printf "%v" .conditions.ready) "false"}}{{range .addresses}}{{.}} {{end}}{{end}}';
  const fields = `{{.metadata.namespace}}|${service}|{{range .endpoints}}${ready}{{end}}`;
  const lines = await list('endpointslices', `{{range .items}}${fields}{{"\\n"}}{{end}}`);
  const endpoints = new Map<string, string[]>();
  for (const line of lines) {
    const [namespace = '', name = '', addresses = ''] = line.split('|');
    const key = `${namespace}/${name}`;
    endpoints.set(key, [...new Set([...(endpoints.get(key) ?? []), ...words(addresses)])]);
  }
  return endpoints;
}

async function list(kind: string, template: string): Promise<string[]> {
  const text = await controlPlane.kubectl(['get', kind, '-A', '-o', `go-template=${template}`]);
  return text.split('\n').filter((line) => line !== '');
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
