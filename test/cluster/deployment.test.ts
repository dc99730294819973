/** The manifests of config/kubernetes, as the real API server and its controllers take them. */
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControlPlane } from './control-plane.js';
import { eventually } from './eventually.js';
import { repositoryRoot } from './repository.js';

const FOLDER = join(repositoryRoot(), 'config', 'kubernetes');

let controlPlane: ControlPlane;

beforeAll(async () => {
  controlPlane = await ControlPlane.start();
  // The base keeps the usual address of a cluster's DNS; here it lies outside the service range.
  await apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'usual' },
    spec: { cidrs: ['10.96.0.0/16'] },
  });
  await controlPlane.kubectl(['wait', 'servicecidr', 'usual', '--for=condition=Ready']);
  await eventually(() => controlPlane.kubectl(['get', 'serviceaccount', 'default', '-n', SYSTEM]));
});

afterAll(async () => {
  await controlPlane?.stop();
});

const SYSTEM = 'kube-system';

describe('config/kubernetes', () => {
  test('is accepted as a whole, strictly and without a warning', async () => {
    const strict = ['--validate=strict', '--warnings-as-errors'];
    const said = await controlPlane.kubectl(['apply', '-k', FOLDER, ...strict]);
    const objects = said.trim().split('\n');
    const files = readdirSync(FOLDER).filter((file) => file !== 'kustomization.yaml');
    expect(objects).toHaveLength(files.length);
    for (const object of objects) expect(object).toMatch(/svcdns created|kube-dns created/);
  });

  test('can be applied again and changes nothing', async () => {
    const said = await controlPlane.kubectl(['apply', '-k', FOLDER]);
    for (const object of said.trim().split('\n')) expect(object).toMatch(/unchanged|configured/);
    const diff = await controlPlane.kubectl(['diff', '-k', FOLDER]);
    expect(diff).toBe('');
  });

  test('runs two pods, which the autoscaler asks for, and keeps one through a disruption', async () => {
    await eventually(
      async () => {
        expect(await read('deployment/svcdns', '{.status.readyReplicas}')).toBe('2');
        expect(await read('poddisruptionbudget/svcdns', '{.status.disruptionsAllowed}')).toBe('1');
      },
      { timeoutMs: 90_000 },
    );
    const priority = '{.items[*].spec.priorityClassName}';
    expect(await read('pods', priority)).toBe('system-cluster-critical system-cluster-critical');
  });

  test('the service has the usual address and reaches the pods on every port', async () => {
    expect(await read('service/kube-dns', '{.spec.clusterIP}')).toBe('10.96.0.10');
    await eventually(async () => {
      const slice =
        '{range .items[*]}{.ports[*].name} {.ports[*].port} {.endpoints[*].addresses[*]}{end}';
      const [dns, ...rest] = (await read('endpointslices', slice)).split(' ');
      const words = [dns, ...rest];
      expect(words.slice(0, 3).sort()).toEqual(['dns', 'dns-tcp', 'metrics']);
      expect(words.slice(3, 6).sort()).toEqual(['53', '53', '9153']);
      expect(words.slice(6)).toHaveLength(2);
    });
  });

  test('its Corefile is one that svcdns takes', async () => {
    const corefile = join(controlPlane.folder, 'Corefile.shipped');
    writeFileSync(corefile, await read('configmap/svcdns', '{.data.Corefile}'));
    const command = [join(repositoryRoot(), 'bin', 'svcdns'), 'check', '-conf', corefile];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    expect([status, stdout + stderr]).toEqual([0, expect.any(String)]);
  });
});

async function read(object: string, path: string): Promise<string> {
  return controlPlane.kubectl(['get', object, `--namespace=${SYSTEM}`, '-o', `jsonpath=${path}`]);
}

async function apply(object: unknown): Promise<void> {
  await controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
}
