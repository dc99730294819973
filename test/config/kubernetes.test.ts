/** The manifests of config/kubernetes agree with each other and with the shipped Corefile. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const CONFIG = join(import.meta.dirname, '..', '..', 'config');
const FOLDER = join(CONFIG, 'kubernetes');

test('the ConfigMap carries the shipped Corefile', () => {
  expect(manifest('config-map')).toMatchObject({
    data: { Corefile: readFileSync(join(CONFIG, 'Corefile'), 'utf8') },
  });
});

test('the kustomization names every manifest of the folder', () => {
  const files = readdirSync(FOLDER).filter((file) => file !== 'kustomization.yaml');
  expect(manifest('kustomization')).toMatchObject({
    resources: expect.toSatisfy(
      (resources: readonly string[]) => resources.toSorted().join() === files.toSorted().join(),
    ),
  });
});

test('the image carries the version of the package', () => {
  const { version } = JSON.parse(readFileSync(join(CONFIG, '..', 'package.json'), 'utf8'));
  expect(manifest('kustomization')).toMatchObject({
    images: [{ name: 'svcdns', newTag: version }],
  });
});

test('the role allows listing and watching, and nothing else', () => {
  const rules = { verbs: ['list', 'watch'] };
  expect(manifest('cluster-role')).toMatchObject({ rules: [rules, rules, rules] });
});

function manifest(name: string): unknown {
  return parse(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8'));
}
