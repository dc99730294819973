import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planText } from '../../src/corefile/loader.js';
import { EXECUTION_ORDER, UNSUPPORTED_DIRECTIVES } from '../../src/plugins/order.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/corefile.md');
const load = { env: {}, registry: PLUGIN_REGISTRY, cwd: '/' };
/** Directives whose options stand on the page; each has a section of its name. */
const WITH_OPTIONS = [...page.matchAll(/^### (\w+)$/gm)].map((match) => match[1] ?? '');

/** Arguments without which a directive is faulted before its options are looked at. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  forward: '. 192.0.2.1',
  bind: '127.0.0.1',
  template: 'IN A',
};

/** The options that a directive says it knows when it is given one that it does not. */
function knownOptions(name: string): string[] {
  const text = `c.local {\n${name} ${ARGUMENTS[name] ?? ''} {\n zzzzzzzz\n}\n}`;
  const [fault] = planText(text, 'Corefile', load).faults ?? [];
  return (/known: ([^)]*)/.exec(fault?.line ?? '')?.[1] ?? '').split(', ');
}

describe('the page about the Corefile', () => {
  it('has only examples without faults', () => {
    const examples = [...page.matchAll(/^```corefile\n(.*?)^```$/gms)].map(
      (match) => match[1] ?? '',
    );
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) {
      const { faults } = planText(example, 'example', load);
      // the name servers of this machine may be any, or none
      const own = faults?.filter((fault) => !fault.line.includes('resolv.conf'));
      expect(own?.map((fault) => fault.line) ?? []).toEqual([]);
    }
  });

  for (const name of WITH_OPTIONS) {
    it(`lists the options of ${name}, each and no other`, () => {
      const section = page.split(`### ${name}\n`)[1]?.split('\n#')[0] ?? '';
      const listed = [...section.matchAll(/^\| `([a-z_0-9]+)/gm)].map((match) => match[1]);
      expect(listed.sort()).toEqual(knownOptions(name).sort());
    });
  }

  it('has a section or a row for each directive', () => {
    for (const name of PLUGIN_REGISTRY.keys()) {
      expect(page).toMatch(new RegExp(`^### ${name}$|^\\| \`${name}[ \`]`, 'm'));
    }
  });
});

describe('the execution order', () => {
  it('holds every directive once, those that are refused too', () => {
    expect(new Set(EXECUTION_ORDER).size).toBe(EXECUTION_ORDER.length);
    for (const name of [...PLUGIN_REGISTRY.keys(), ...UNSUPPORTED_DIRECTIVES.keys()]) {
      expect(EXECUTION_ORDER).toContain(name);
    }
  });

  it('is the order of the registry, which refuses none of its own', () => {
    const names = [...PLUGIN_REGISTRY.keys()];
    expect(names).toEqual(EXECUTION_ORDER.filter((name) => PLUGIN_REGISTRY.has(name)));
    expect(names.filter((name) => UNSUPPORTED_DIRECTIVES.has(name))).toEqual([]);
  });
});

it('takes the Corefile that svcdns ships with', () => {
  const { plan, faults } = planText(read('config/Corefile'), 'Corefile', load);
  const own = faults?.filter((fault) => !fault.line.includes('resolv.conf'));
  expect(own?.map((fault) => fault.line) ?? []).toEqual([]);
  if (plan !== undefined) {
    expect(plan.blocks[0]?.directives.map(({ name }) => name)).toEqual([
      'reload',
      'ready',
      'health',
      'prometheus',
      'errors',
      'loadbalance',
      'cache',
      'kubernetes',
      'loop',
      'forward',
    ]);
  }
});
