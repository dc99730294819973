import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { run } from '../../src/cli/env.js';
import { EmbeddedApi } from '../../src/embedded/embedded-api.js';
import { type MemoryIo, memoryIo } from './memory-io.js';

const REDIS_LINES = `REDIS_MASTER_SERVICE_HOST=10.0.0.11
REDIS_MASTER_SERVICE_PORT=6379
REDIS_MASTER_PORT=tcp://10.0.0.11:6379
REDIS_MASTER_PORT_6379_TCP=tcp://10.0.0.11:6379
REDIS_MASTER_PORT_6379_TCP_PROTO=tcp
REDIS_MASTER_PORT_6379_TCP_PORT=6379
REDIS_MASTER_PORT_6379_TCP_ADDR=10.0.0.11
`;

/** A machine of its own hour: services are created when the test says so. */
let now = Date.parse('2026-01-01T12:00:00Z');
const api = new EmbeddedApi({ now: () => now });
let folder = '';

beforeAll(async () => {
  await api.start();
  folder = mkdtempSync(join(tmpdir(), 'svcdns-env-'));
  writeFileSync(join(folder, 'kubeconfig'), api.kubeconfig());
  now = Date.parse('2026-01-01T13:00:00Z');
  api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'seed' } });
  const manifest = readFileSync('config/demo/discovering-services/redis-master.yaml', 'utf8');
  for (const document of parseAllDocuments(manifest)) api.apply(document.toJS(), 'seed');
  now = Date.parse('2026-01-01T14:00:00Z');
  api.apply(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'later' },
      spec: { clusterIP: '10.0.0.12', ports: [{ port: 80 }] },
    },
    'seed',
  );
});

afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  api.requests.length = 0;
});

async function env(...args: readonly string[]): Promise<MemoryIo> {
  const io = memoryIo(folder);
  expect(await run(['--kubeconfig', 'kubeconfig', ...args], io)).toBe(0);
  return io;
}

describe('svcdns env', () => {
  it('R-29, R-30, R-33: prints what a pod in the namespace gets, by one list request', async () => {
    const io = await env('--namespace', 'seed', '--pod-started-at=2026-01-01T13:30:00Z');
    const lines = io.out().split('\n');
    const redis = lines.findIndex((line) => line.startsWith('REDIS_MASTER'));
    expect(lines[0]).toBe('KUBERNETES_SERVICE_HOST=10.0.0.1');
    expect(lines.slice(redis).join('\n')).toBe(REDIS_LINES);
    expect(io.err()).toBe('');
    expect(api.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/v1/services',
    ]);
  });

  it('R-34: a service that is younger than the pod is there only for later pods', async () => {
    const before = await env('-n', 'seed', '-pod-started-at', '2026-01-01T14:30:00+01:00');
    expect(before.out()).not.toContain('LATER_');
    const after = await env('-n', 'seed', '-pod-started-at', '2026-01-01T14:00:00Z');
    expect(after.out()).toContain('LATER_SERVICE_HOST=10.0.0.12\n');
  });

  it('R-30: without service links there is still the API server', async () => {
    const io = await env('--namespace', 'seed', '--no-service-links');
    const names = io.out().trimEnd().split('\n');
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((line) => !line.startsWith('KUBERNETES_'))).toEqual([]);
  });

  it('writes an env file, and maps of texts in JSON and YAML', async () => {
    const args = ['--namespace', 'seed', '--pod-started-at', '2026-01-01T13:30:00Z', '--format'];
    const dotenv = await env(...args, 'dotenv');
    expect(dotenv.out().endsWith(REDIS_LINES)).toBe(true);
    const json: unknown = JSON.parse((await env(...args, 'json')).out());
    expect(json).toMatchObject({ REDIS_MASTER_SERVICE_PORT: '6379' });
    const [yaml] = parseAllDocuments((await env(...args, 'yaml')).out());
    expect(yaml?.toJS()).toEqual(json);
  });

  it('finds the cluster by $KUBECONFIG, and says what to name when there is none', async () => {
    const found = memoryIo(folder, { KUBECONFIG: join(folder, 'kubeconfig') });
    expect(await run(['-n', 'seed'], found)).toBe(0);
    expect(found.out()).toContain('REDIS_MASTER_SERVICE_HOST=10.0.0.11\n');
    await expect(run(['-n', 'seed'], memoryIo(folder))).rejects.toMatchObject({
      code: 'KUBE_CREDENTIALS',
      mend: expect.stringContaining('svcdns demo'),
    });
  });

  it('says what is wrong with the command line', async () => {
    const code = 'CLI_USAGE';
    const io = memoryIo(folder);
    await expect(run([], io)).rejects.toMatchObject({ code });
    await expect(run(['--namespace', 'A.b'], io)).rejects.toMatchObject({ code });
    await expect(run(['-n', 'a', '--format', 'xml'], io)).rejects.toMatchObject({ code });
    await expect(run(['-n', 'a', '--pod-started-at', 'noon'], io)).rejects.toMatchObject({ code });
    await expect(run(['-n', 'a', '--namspace', 'b'], io)).rejects.toMatchObject({
      code,
      mend: expect.stringContaining('--namespace'),
    });
  });

  it('hands on what the API refuses', async () => {
    const gone = new EmbeddedApi();
    await gone.start();
    writeFileSync(join(folder, 'gone'), gone.kubeconfig());
    await gone.close();
    await expect(run(['-n', 'a', '--kubeconfig=gone'], memoryIo(folder))).rejects.toMatchObject({
      code: 'KUBE_UNREACHABLE',
    });
  });
});
