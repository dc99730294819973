import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCorefile } from '../../src/corefile/parser.js';
import type { Directive } from '../../src/corefile/plan.js';
import { planCorefile } from '../../src/corefile/planner.js';
import { lexCorefile } from '../../src/corefile/tokens.js';
import { SvcdnsError } from '../../src/errors.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';

const optionNames = [
  'lameduck',
  'monitor',
  'consolidate',
  'class',
  'ttl',
  'pods',
  'namespaces',
  'namespace_labels',
  'labels',
  'endpoint',
  'tls',
  'kubeconfig',
  'fallthrough',
  'ignore',
  'startup_timeout',
  'search_path',
  'noendpoints',
  'multicluster',
  'zonal',
  'prefer',
  'except',
  'stacktrace',
  'runtime_metrics',
  'apiserver_qps',
  'apiserver_burst',
  'endpoint_pod_names',
];
const words = [
  '{',
  '}',
  '\n',
  '\n',
  ' ',
  '"',
  '`',
  '\\',
  '#',
  ',',
  'import',
  'a',
  'b',
  '(s)',
  '{args[0]}',
  '{args.1}',
  '{$HOME}',
  '{%HOME%}',
  '{$SELF}',
  '{',
  '}',
  '\r\n',
  '.:53',
  'cluster.local',
  '10.0.0.0/13',
  '::/3',
  'tls://',
  ':',
  '/',
  '*',
  '5s',
  '1e3',
  '-1',
  '99999999999999999999',
  ':8080',
  '[::1]:80',
  '^(a+)+$',
  '(',
  'stdout',
  'weighted',
  '127.0.0.1',
  'eth0',
  'app in (a,b)',
  '',
  ...PLUGIN_REGISTRY.keys(),
  ...optionNames,
];
const wordSoup = fc
  .array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 6 })), {
    maxLength: 60,
  })
  .chain((parts) => fc.constantFrom(parts.join(' '), parts.join('')));

/** Blocks that are well formed, so that the plugins are reached. */
const wellFormed = fc
  .array(
    fc.record({
      name: fc.constantFrom(...PLUGIN_REGISTRY.keys()),
      args: fc.array(fc.constantFrom(...words), { maxLength: 4 }),
      body: fc.array(
        fc.tuple(
          fc.constantFrom(...optionNames),
          fc.array(fc.constantFrom(...words), { maxLength: 3 }),
        ),
        { maxLength: 5 },
      ),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((directives) => {
    const quoted = (args: readonly string[]): string =>
      args
        .map((arg) => (/^[\w.:/-]+$/.test(arg) ? arg : `"${arg.replace(/["\\]/g, '')}"`))
        .join(' ');
    const lines = directives.map(
      ({ name, args, body }) =>
        `${name} ${quoted(args)} {\n${body.map(([option, rest]) => `${option} ${quoted(rest)}`).join('\n')}\n}`,
    );
    return `cluster.local 10.0.0.0/8 {\n${lines.join('\n')}\n}`;
  });

function planAny(text: string, files: Record<string, string>): void {
  const parsed = parseCorefile(text, {
    file: 'Corefile',
    env: { HOME: '/root', SELF: '{$SELF} } { import' },
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw new Error('no such file');
      return content;
    },
    glob: () => Object.keys(files),
  });
  const result = planCorefile(parsed, {
    file: 'Corefile',
    directory: '/',
    registry: PLUGIN_REGISTRY,
    defaultPort: 53,
    readFile: () => {
      throw new Error('no such file');
    },
  });
  if (result.faults === undefined) expect(structuredClone(result.plan)).toEqual(result.plan);
  for (const fault of result.faults ?? []) {
    expect(fault).toBeInstanceOf(SvcdnsError);
    expect(fault.line).toMatch(/^[^:]*:\d+: /);
    expect(fault.mend).toBeTruthy();
  }
}

describe('any text', () => {
  it('is parsed and planned to a plan or to faults with a place and a mend', () => {
    fc.assert(
      fc.property(wordSoup, wordSoup, wordSoup, (text, a, b) => planAny(text, { a, b })),
      { numRuns: 1500 },
    );
  });

  it('of well-formed directives with odd arguments comes to a plan or to faults', () => {
    fc.assert(
      fc.property(wellFormed, (text) => planAny(text, {})),
      { numRuns: 1500 },
    );
  });

  it('of random characters is cut without a throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => planAny(text, {})),
      { numRuns: 500 },
    );
  });

  it('keeps its quoted words when it is written and read again', () => {
    const word = fc
      .string({ unit: 'binary', maxLength: 12 })
      .filter((text) => !/[`\r\ufeff]/.test(text));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (list) => {
        const { tokens, faults } = lexCorefile(list.map((text) => `\`${text}\``).join(' '), 'f');
        expect(faults).toEqual([]);
        expect(tokens.map((token) => token.text)).toEqual(list);
      }),
    );
  });
});

describe('a sound tree of directives', () => {
  interface Line {
    readonly name: string;
    readonly args: readonly string[];
    readonly body: readonly Line[];
  }
  const name = fc.stringMatching(/^[a-z]{1,6}$/).filter((text) => text !== 'import');
  const line = (depth: number): fc.Arbitrary<Line> =>
    fc.record({
      name,
      args: fc.array(name, { maxLength: 3 }),
      body: depth === 0 ? fc.constant([]) : fc.array(line(depth - 1), { maxLength: 3 }),
    });

  it('comes back as it was written', () => {
    const write = ({ name, args, body }: Line): string =>
      `${[name, ...args].join(' ')} {\n${body.map(write).join('\n')}\n}`;
    const bare = (line: Directive): unknown => ({
      name: line.name,
      args: line.args,
      body: line.body.map(bare),
    });
    fc.assert(
      fc.property(line(4), (tree) => {
        const { blocks, faults } = parseCorefile(`. {\n${write(tree)}\n}`, {
          file: 'f',
          env: {},
          readFile: () => '',
          glob: () => [],
        });
        expect(faults).toEqual([]);
        expect(blocks[0]?.directives.map(bare)).toEqual([tree]);
      }),
      { numRuns: 200 },
    );
  });
});
