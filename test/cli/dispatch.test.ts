import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.js';
import { dispatch } from '../../src/cli/dispatch.js';
import { CorefileFaults } from '../../src/corefile/faults.js';
import { SvcdnsError } from '../../src/errors.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';
import { memoryIo } from './memory-io.js';

/** Runs a command line with commands that tell how they were called. */
async function run(
  argv: readonly string[],
  command?: Command['run'],
): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo('/');
  const code = await dispatch(argv, io, async (name) => ({
    run:
      command ??
      (async (args: readonly string[]) => {
        io.stdout(`${name}(${args.join(' ')})`);
        return 0;
      }),
  }));
  return { code, out: io.out(), err: io.err() };
}

describe('which command runs', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', 'serve()'],
    ['-conf x -p 53', 'serve(-conf x -p 53)'],
    ['serve -conf x', 'serve(-conf x)'],
    ['query example.org A -x', 'query(example.org A -x)'],
    ['demo --dns.port 1', 'demo(--dns.port 1)'],
    ['explain a', 'explain(a)'],
    ['env --namespace b', 'env(--namespace b)'],
    ['check -conf x', 'check(-conf x)'],
  ];
  for (const [line, called] of cases) {
    it(`runs ${called} for "svcdns ${line}"`, async () => {
      const argv = line === '' ? [] : line.split(' ');
      expect(await run(argv)).toEqual({ code: 0, out: called, err: '' });
    });
  }

  it('gives back the exit code of the command', async () => {
    expect((await run(['query', 'x'], async () => 9)).code).toBe(9);
  });

  it('prints help, version and directives itself', async () => {
    for (const argv of [['--help'], ['-h'], ['help'], ['serve', '-help']]) {
      expect((await run(argv)).out).toContain('usage: svcdns');
    }
    expect((await run(['-version'])).out).toMatch(/^svcdns-\d+\.\d+\.\d+\n\w+\/\w+, node v\d+/);
    expect((await run(['-plugins'])).out).toBe(`${[...PLUGIN_REGISTRY.keys()].join('\n')}\n`);
  });

  it('refuses an unknown command and an unknown flag with a hint, exit 2', async () => {
    expect(await run(['qurey', 'x'])).toEqual({
      code: 2,
      out: '',
      err: 'svcdns: there is no command "qurey" (did you mean query? commands: serve demo query explain env check)\nsvcdns: see svcdns --help\n',
    });
    expect((await run(['-cnof'])).code).toBe(2);
  });
});

describe('what a command throws', () => {
  it('is one line and exit 1 where the operator can mend it', async () => {
    const fault = new SvcdnsError('ADDRESS_IN_USE', 'port 53 is taken', { mend: 'free it' });
    expect(await run(['serve'], () => Promise.reject(fault))).toEqual({
      code: 1,
      out: '',
      err: 'svcdns: port 53 is taken (free it)\n',
    });
  });

  it('is a line for each of several faults', async () => {
    const faults = new CorefileFaults(
      ['a', 'b'].map((text) => new SvcdnsError('COREFILE_SYNTAX', text)),
    );
    expect((await run(['serve'], () => Promise.reject(faults))).err).toBe('svcdns: a\nsvcdns: b\n');
  });

  it('is shown with its stack where it is a fault of ours', async () => {
    const { code, err } = await run(['serve'], () =>
      Promise.reject(new TypeError('x is undefined')),
    );
    expect(code).toBe(1);
    expect(err).toMatch(
      /^svcdns: internal fault, please report it: TypeError: x is undefined\n {4}at /,
    );
  });

  it('says so when a module is no command', async () => {
    const io = memoryIo('/');
    expect(await dispatch(['demo'], io, async () => ({}))).toBe(1);
    expect(io.err()).toContain('command demo has no run function');
  });
});
