import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { EmbeddedApi } from '../../src/embedded/embedded-api.js';
import { textAt } from '../../src/embedded/json.js';
import { ManifestDirectory } from '../../src/embedded/manifest-directory.js';
import { parseManifest } from '../../src/embedded/manifest-file.js';
import { startApi } from './api-client.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function serviceYaml(name: string, port = 80): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: ${port}}]}\n`;
}

/** A folder with its manifests applied, and a promise of the next reading that does something. */
async function openFolder(files: Readonly<Record<string, string>>): Promise<{
  api: EmbeddedApi;
  folder: string;
  manifests: ManifestDirectory;
  faults: string[];
  changed: () => Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'svcdns-manifests-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const api = await startApi();
  const faults: string[] = [];
  let listeners: (() => void)[] = [];
  const manifests = new ManifestDirectory({
    directory: folder,
    api,
    onFault: (fault) => faults.push(fault.line.replaceAll(`${folder}/`, '')),
    onChange: () => {
      for (const listener of listeners.splice(0)) listener();
    },
  });
  cleanups.push(() => manifests.close());
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      listeners = [...listeners, resolve];
    });
  return { api, folder, manifests, faults, changed };
}

describe('parseManifest', () => {
  it('reads several documents and lists, with the line of each', () => {
    const text = `# a comment\n${serviceYaml('a')}---\n---\n${serviceYaml('b')}---\nkind: List\napiVersion: v1\nitems:\n  - ${serviceYaml('c').replaceAll('\n', '\n    ')}\n`;
    const objects = parseManifest(text, 'f.yaml');
    expect(objects.map(({ object }) => textAt(object, 'metadata', 'name'))).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(objects.map(({ place }) => place.line)).toEqual([2, 8, 13]);
  });

  it('reads JSON', () => {
    const text = '{"apiVersion": "v1", "kind": "Service",\n\t"metadata": {"name": "a"}}';
    expect(parseManifest(text, 'f.json')).toHaveLength(1);
  });

  it.each([
    ['apiVersion: v1\nkind: Service\n  metadata: {}\n', 2],
    ['apiVersion: v1\nkind: [\n', 3],
    ['\n- a list\n', 2],
    ['apiVersion: v1\nmetadata: {name: a}\n', 1],
    ['kind: Service\nkind: Service\n', 2],
  ])('names file and line of the fault in %j', (text, line) => {
    expect(() => parseManifest(text, 'f.yaml')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID', where: { file: 'f.yaml', line } }),
    );
  });
});

describe('ManifestDirectory', () => {
  it('applies files, changes, additions and deletions live', async () => {
    const { api, folder, manifests, changed } = await openFolder({ 'a.yaml': serviceYaml('a') });
    expect(manifests.load()).toEqual({ applied: 1, deleted: 0 });
    manifests.watch();
    let next = changed();
    writeFileSync(join(folder, 'a.yaml'), serviceYaml('a', 81));
    await next;
    expect(api.get('Service', 'default', 'a')).toMatchObject({ spec: { ports: [{ port: 81 }] } });
    next = changed();
    writeFileSync(join(folder, 'b.yml'), serviceYaml('b'));
    await next;
    expect(api.get('Service', 'default', 'b')).toBeDefined();
    next = changed();
    rmSync(join(folder, 'a.yaml'));
    await next;
    expect(api.get('Service', 'default', 'a')).toBeUndefined();
    expect(api.get('Service', 'default', 'b')).toBeDefined();
  });

  it('keeps the old state of a broken file, says where it is broken, and goes on when it is mended', async () => {
    const { api, folder, manifests, faults } = await openFolder({ 'a.yaml': serviceYaml('a') });
    manifests.load();
    writeFileSync(join(folder, 'a.yaml'), `${serviceYaml('a', 81)}  bad\n`);
    manifests.load();
    manifests.load();
    expect(faults).toEqual([
      expect.stringMatching(/^a\.yaml:5: .*\(the objects of this file stay/),
    ]);
    expect(api.get('Service', 'default', 'a')).toMatchObject({ spec: { ports: [{ port: 80 }] } });
    writeFileSync(join(folder, 'a.yaml'), serviceYaml('a', 82));
    expect(manifests.load()).toEqual({ applied: 1, deleted: 0 });
  });

  it('tells the place of an object that the API refuses and applies the others', async () => {
    const { api, manifests, faults } = await openFolder({
      'a.yaml': `${serviceYaml('bad', 0)}---\n${serviceYaml('good')}`,
    });
    manifests.load();
    expect(faults).toEqual([
      expect.stringMatching(/^a\.yaml:1: Service bad: .*spec\.ports\[0\]\.port/),
    ]);
    expect(api.get('Service', 'default', 'good')).toBeDefined();
  });

  it('says that an object stands in two files', async () => {
    const { manifests, faults } = await openFolder({
      'a.yaml': serviceYaml('a'),
      'b.yaml': serviceYaml('a', 81),
    });
    manifests.load();
    expect(faults).toEqual([
      expect.stringMatching(/^b\.yaml:1: Service a: the object is in a\.yaml:1 as well/),
    ]);
  });

  it('makes a namespace of a folder, and takes it away with the folder', async () => {
    const { api, folder, manifests, changed } = await openFolder({});
    manifests.watch();
    let next = changed();
    mkdirSync(join(folder, 'shop'));
    await next;
    expect(api.get('Namespace', '', 'shop')).toBeDefined();
    next = changed();
    writeFileSync(join(folder, 'shop', 'a.yaml'), serviceYaml('a'));
    await next;
    expect(api.get('Service', 'shop', 'a')).toBeDefined();
    next = changed();
    rmSync(join(folder, 'shop'), { recursive: true });
    await next;
    expect(api.get('Namespace', '', 'shop')).toBeUndefined();
  });

  it('follows the symbolic links of a mounted ConfigMap', async () => {
    const { api, folder, manifests, changed } = await openFolder({});
    const version = (name: string, port: number): void => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'a.yaml'), serviceYaml('a', port));
    };
    version('..1', 80);
    symlinkSync('..1', join(folder, '..data'));
    symlinkSync('..data/a.yaml', join(folder, 'a.yaml'));
    manifests.load();
    expect(api.list('Namespace').map((one) => textAt(one, 'metadata', 'name'))).not.toContain(
      '..1',
    );
    manifests.watch();
    version('..2', 81);
    const next = changed();
    symlinkSync('..2', join(folder, '..tmp'));
    renameSync(join(folder, '..tmp'), join(folder, '..data'));
    await next;
    expect(api.get('Service', 'default', 'a')).toMatchObject({ spec: { ports: [{ port: 81 }] } });
  });

  it('puts another pod in the place of one that may not change', async () => {
    const podYaml = (port: number): string =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: b, ports: [{containerPort: ${port}}]}]}\n`;
    const { api, folder, manifests } = await openFolder({ 'p.yaml': podYaml(80) });
    manifests.load();
    const before = textAt(api.get('Pod', 'default', 'p'), 'metadata', 'uid');
    writeFileSync(join(folder, 'p.yaml'), podYaml(81));
    manifests.load();
    expect(textAt(api.get('Pod', 'default', 'p'), 'metadata', 'uid')).not.toBe(before);
  });

  it('R-30 R-36 loads the demo without a fault, with every section of the document', async () => {
    const api = await startApi();
    const faults: string[] = [];
    const manifests = new ManifestDirectory({
      directory: fileURLToPath(new URL('../../config/demo', import.meta.url)),
      api,
      onFault: (fault) => faults.push(fault.line),
    });
    manifests.load();
    expect(faults).toEqual([]);
    expect(api.get('Service', 'discovering-services', 'redis-master')).toMatchObject({
      spec: { clusterIP: '10.0.0.11' },
    });
    for (const section of [
      'defining-a-service',
      'services-without-selectors',
      'multi-port-services',
      'type-loadbalancer',
      'external-ips',
    ]) {
      expect(api.get('Service', section, 'my-service')).toBeDefined();
    }
    expect(api.get('Service', 'my-ns', 'my-service')).toBeDefined();
  });
});
