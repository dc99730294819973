import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.js';
import { memoryIo } from './memory-io.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'svcdns-check-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

describe('svcdns check', () => {
  it('sums up a sound Corefile', async () => {
    write('Corefile', '{$ZONE} 10.0.0.0/15 {\n errors\n reload\n}\ndns://example.org:5353 {\n}\n');
    const io = memoryIo(folder, { ZONE: 'cluster.local' });
    expect(await dispatch(['check', '-p', '1053'], io)).toBe(0);
    expect(io.out()).toBe(`Corefile: 2 server blocks, no faults

block 1 at Corefile:1
  zones       cluster.local. 0.10.in-addr.arpa. 1.10.in-addr.arpa.
  ports       dns://:1053
  directives  reload errors
  fast way    no: no kubernetes directive

block 2 at Corefile:5
  zones       example.org.
  ports       dns://:5353
  directives  none: every query is refused
  fast way    no: no kubernetes directive
`);
  });

  it('names every fault with file and line and exits 1', async () => {
    mkdirSync(join(folder, 'conf'));
    write('conf/a.conf', 'health {\n lameduck 5\n}\n');
    write('conf/b.txt', 'never read');
    write('my', '. {\n import conf/*.conf\n import conf/none*\n kubernets\n');
    const io = memoryIo(folder);
    expect(await dispatch(['check', '--conf=my'], io)).toBe(1);
    expect(io.out()).toBe('');
    const lines = io.err().split('\n');
    expect(lines[0]).toBe('my:1: the brace opened here is never closed (add a line with })');
    expect(lines[1]).toContain('my:4: there is no directive "kubernets" (did you mean kubernetes?');
    expect(lines[2]).toBe(
      `conf/a.conf:2: lameduck: duration "5" has no unit (write 5s for seconds)`,
    );
    expect(lines[3]).toBe('my: 3 faults');
  });

  it('says that a Corefile is missing or unreadable', async () => {
    const missing = memoryIo(folder);
    expect(await dispatch(['check', '-conf', 'none'], missing)).toBe(1);
    expect(missing.err()).toBe(
      'there is no Corefile none (name it with -conf FILE)\nnone: 1 fault\n',
    );
    const unreadable = memoryIo(folder);
    expect(await dispatch(['check', '-conf', '.'], unreadable)).toBe(1);
    expect(unreadable.err()).toContain('cannot read the Corefile . (check that it is a file');
  });

  it('says block by block whether kubernetes answers take the fast way, and why not', async () => {
    write(
      'Corefile',
      '. {\n kubernetes cluster.local\n cache\n}\ncorp. {\n kubernetes corp\n log\n}\n',
    );
    const io = memoryIo(folder);
    expect(await dispatch(['check'], io)).toBe(0);
    expect([...io.out().matchAll(/fast way +(.*)/g)].map(([, text]) => text)).toEqual([
      'yes: nothing in front of kubernetes has to see its queries',
      'no: log logs every query',
    ]);
  });

  it('explains itself with -help', async () => {
    const io = memoryIo(folder);
    expect(await dispatch(['check', '-help'], io)).toBe(0);
    expect(io.out()).toContain('usage: svcdns check');
  });
});
