import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin', import.meta.url));

/** A package laid out as ours, without what the build makes. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'svcdns-bin-'));
  cpSync(BIN, join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], nodeArgs: readonly string[] = []): ReturnType<typeof spawn> {
  return spawn(process.execPath, [...nodeArgs, join(folder, 'bin/svcdns'), ...args]);
}

function spawn(
  command: string,
  args: readonly string[],
): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

/** A built entry that tells its arguments. */
function build(): void {
  mkdirSync(join(folder, 'dist/cli'), { recursive: true });
  const entry = 'export const main = async () => console.log(process.argv.slice(2).join());';
  writeFileSync(join(folder, 'dist/cli/main.js'), entry);
}

describe('bin/svcdns', () => {
  it('can be executed', () => {
    expect(statSync(join(BIN, 'svcdns')).mode & 0o777).toBe(0o755);
  });

  it('says in one line that the build is missing', () => {
    expect(run([])).toEqual({
      code: 1,
      out: '',
      err: 'svcdns: is not built yet (run npm run build)\n',
    });
  });

  it('hands its arguments to the built entry', () => {
    build();
    expect(run(['check', '-conf', 'x'])).toEqual({ code: 0, out: 'check,-conf,x\n', err: '' });
  });

  it('finds the entry through the link that npm makes, run by its shebang', () => {
    build();
    const link = join(folder, 'svcdns');
    symlinkSync(join(folder, 'bin/svcdns'), link);
    expect(spawn(link, ['a'])).toEqual({ code: 0, out: 'a\n', err: '' });
  });

  for (const version of ['20.18.3', '18.20.8', '9.11.2']) {
    it(`says in one line that Node ${version} is too old`, () => {
      build();
      const preload = join(folder, 'old-node.cjs');
      writeFileSync(
        preload,
        `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
      );
      expect(run(['check'], ['--require', preload])).toEqual({
        code: 1,
        out: '',
        err: `svcdns: needs Node 20.19 or later, this is ${version}\n`,
      });
    });
  }
});
