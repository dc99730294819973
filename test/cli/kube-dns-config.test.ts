import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.js';
import { loadPlan } from '../../src/corefile/loader.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';
import { memoryIo } from './memory-io.js';

const SHIPPED = fileURLToPath(new URL('../../config/Corefile', import.meta.url));
const HEAD =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kube-dns, namespace: kube-system }\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'svcdns-kube-dns-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the command on a ConfigMap. */
async function translate(text: string): Promise<{ code: number; out: string; err: string }> {
  writeFileSync(join(folder, 'kube-dns.yaml'), text);
  const io = memoryIo(folder);
  const code = await dispatch(['check', '--from-kube-dns', 'kube-dns.yaml'], io);
  return { code, out: io.out(), err: io.err() };
}

/** The first faults, without the count at the end. */
async function faultsOf(text: string): Promise<readonly string[]> {
  const { code, out, err } = await translate(text);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  const lines = err.trimEnd().split('\n');
  expect(lines.at(-1)).toMatch(/^kube-dns\.yaml: \d+ faults?$/);
  return lines.slice(0, -1);
}

function hashOf(path: string): string | undefined {
  return loadPlan(path, { env: {}, registry: PLUGIN_REGISTRY }).plan?.hash;
}

describe('svcdns check --from-kube-dns', () => {
  it('makes the shipped Corefile of a ConfigMap without keys', async () => {
    const { code, out } = await translate(HEAD);
    expect(code).toBe(0);
    writeFileSync(join(folder, 'Corefile'), out);
    expect(hashOf(join(folder, 'Corefile'))).toBe(hashOf(SHIPPED));
    expect(hashOf(SHIPPED)).toBeTypeOf('string');
  });

  it('makes a server block of each stub domain, and forwards the rest to the upstreams', async () => {
    const { code, out, err } = await translate(`${HEAD}data:
  stubDomains: |
    {"acme.example": ["192.0.2.1", "192.0.2.2:5353"], "V6.example.": ["[2001:db8::1]:53"]}
  upstreamNameservers: |
    ["192.0.2.8", "2001:db8::8"]
`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('    forward . 192.0.2.8 2001:db8::8\n');
    expect(out).toContain('\nacme.example {\n');
    expect(out).toContain('    forward . 192.0.2.1 192.0.2.2:5353\n');
    expect(out).toContain('\nv6.example {\n');
    writeFileSync(join(folder, 'Corefile'), out);
    const io = memoryIo(folder);
    expect(await dispatch(['check'], io)).toBe(0);
    expect(io.out()).toContain('Corefile: 3 server blocks, no faults');
  });

  it('reads JSON as kubectl prints it', async () => {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      data: { stubDomains: '{"acme.example": ["192.0.2.1"]}' },
    };
    const { code, out } = await translate(JSON.stringify(object, undefined, 2));
    expect(code).toBe(0);
    expect(out).toContain('acme.example {');
  });

  it('names every value that has no counterpart, with its line', async () => {
    const faults = await faultsOf(`${HEAD}data:
  upstreamNameservers: '["192.0.2.8", "ns.example.org", 7]'
  stubDomains: |
    {"a.example": ["ns.svc.cluster.local:53"], "b.example": [], ".": ["192.0.2.1"],
     "svc.cluster.local": ["192.0.2.1"], "c.example": ["192.0.2.1:0"],
     "d.example": ["192.0.2.1"], "D.example.": ["192.0.2.1"]}
  federations: "f=example.org"
`);
    expect(faults).toEqual([
      'kube-dns.yaml:10: the key federations cannot be translated (federations have no counterpart: rewrite their names, or remove the key)',
      'kube-dns.yaml:5: upstreamNameservers: "ns.example.org" is a host name, upstreams are not looked up (write its IP address (of a Service: its clusterIP))',
      'kube-dns.yaml:5: upstreamNameservers: 7 is no address (write IP or IP:PORT)',
      'kube-dns.yaml:6: stubDomains: a.example: "ns.svc.cluster.local:53" is a host name, upstreams are not looked up (write its IP address (of a Service: its clusterIP))',
      'kube-dns.yaml:6: stubDomains: b.example is no list of addresses (write ["ADDRESS"])',
      'kube-dns.yaml:6: stubDomains: . is no domain name of a zone (write it like acme.example)',
      "kube-dns.yaml:6: stubDomains: svc.cluster.local lies in the cluster's own zone cluster.local. (remove it: the kubernetes directive answers there)",
      'kube-dns.yaml:6: stubDomains: c.example: "192.0.2.1:0" is no address (write IP or IP:PORT)',
      'kube-dns.yaml:6: stubDomains: D.example. stands twice (keep one of them)',
    ]);
  });

  it.each([
    ['no YAML', 'kind: [', /no YAML/],
    ['another kind', 'kind: Secret', /a Secret where a ConfigMap is expected/],
    ['an empty file', '', /0 documents|something else/],
    ['two documents', `${HEAD}---\n${HEAD}`, /2 documents/],
    ['no JSON', `${HEAD}data: { stubDomains: "a: b" }`, /stubDomains is no JSON/],
    ['a list as stub domains', `${HEAD}data: { stubDomains: "[]" }`, /stubDomains is no map/],
    [
      'more upstreams than kube-dns takes',
      `${HEAD}data: { upstreamNameservers: '["192.0.2.1","192.0.2.2","192.0.2.3","192.0.2.4"]' }`,
      /has 4 servers \(name at most 3\)/,
    ],
  ])('refuses %s', async (_, text, expected) => {
    const [first] = await faultsOf(text);
    expect(first).toMatch(expected);
  });

  it('says that the file is missing, and that the flag stands alone', async () => {
    const missing = memoryIo(folder);
    expect(await dispatch(['check', '-from-kube-dns=none'], missing)).toBe(1);
    expect(missing.err()).toContain('cannot read none');
    for (const argv of [['--from-kube-dns'], ['--from-kube-dns', 'a', '-conf', 'b']]) {
      expect(await dispatch(['check', ...argv], memoryIo(folder))).toBe(2);
    }
  });
});
