import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CommandIo } from '../../src/cli/command.js';
import { run } from '../../src/cli/demo.js';
import { parseDemoArguments } from '../../src/cli/demo-arguments.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A terminal that can be waited on. */
function terminal(): {
  io: CommandIo;
  stop: AbortController;
  /** What was printed, once it matches; a command that fails before that fails the test. */
  said: (pattern: RegExp, done: Promise<number>) => Promise<RegExpExecArray>;
  errors: () => string;
} {
  const stop = new AbortController();
  let out = '';
  let errors = '';
  const io: CommandIo = {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      errors += text;
    },
    env: {},
    cwd: tmpdir(),
    terminal: false,
    signal: stop.signal,
    onReload: () => () => {},
  };
  const said = async (pattern: RegExp, done: Promise<number>): Promise<RegExpExecArray> => {
    const printed = expect.poll(() => out, { timeout: 15_000 }).toMatch(pattern);
    await Promise.race([printed, done.then((code) => expect(code).toBe('still running'))]);
    const found = pattern.exec(out);
    if (found === null) throw new Error('unreachable');
    return found;
  };
  return { io, stop, said, errors: () => errors };
}

/** A query of type A over UDP: the rcode, and the last address of the answer. */
function ask(name: string, port: number): Promise<{ rcode: number; address: string }> {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  const query = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('error', reject);
    socket.on('message', (reply) => {
      socket.close();
      const rcode = (reply[3] ?? 0) & 15;
      resolve({ rcode, address: reply.subarray(-4).join('.') });
    });
    socket.send(query, port, '127.0.0.1');
  });
}

describe('the arguments of svcdns demo', () => {
  it('have defaults and take both forms of a flag', () => {
    expect(parseDemoArguments([])).toMatchObject({ port: 1053, apiPort: 0, manifests: undefined });
    expect(
      parseDemoArguments(['-dns.port=53', '--manifests', 'dir', '-corefile=Corefile']),
    ).toMatchObject({ port: 53, manifests: 'dir', corefile: 'Corefile' });
  });

  it.each([['--nosuch'], ['-dns.port=x'], ['-dns.port', '70000'], ['--manifests']])(
    'refuses %s',
    (...argv) => {
      expect(() => parseDemoArguments(argv)).toThrow(
        expect.objectContaining({ code: 'CLI_USAGE' }),
      );
    },
  );
});

describe('svcdns demo', () => {
  it('R-39 R-42 serves the sample services, says where, and cleans up at the signal', async () => {
    const { io, stop, said, errors } = terminal();
    const done = run(['-dns.port', '0'], io);
    const port = Number((await said(/DNS +127\.0\.0\.1:(\d+)/, done))[1]);
    const kubeconfig = (await said(/KUBECONFIG=(\S+)/, done))[1] ?? '';
    expect(existsSync(kubeconfig)).toBe(true);
    const chosen = await ask('chosen.choosing-your-own-ip.svc.cluster.local', port);
    expect(chosen).toEqual({ rcode: 0, address: '10.0.0.100' });
    const master = await ask('redis-master.discovering-services', port);
    expect(master).toEqual({ rcode: 0, address: '10.0.0.11' });
    expect((await ask('nosuch.my-ns.svc.cluster.local', port)).rcode).toBe(3);
    stop.abort();
    expect(await done).toBe(0);
    expect(existsSync(kubeconfig)).toBe(false);
    expect(errors()).toBe('');
  });

  it('applies a file that is edited while it runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'svcdns-demo-test-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const manifest = (ip: string): string =>
      `apiVersion: v1\nkind: Service\nmetadata: {name: s-${ip.at(-1)}}\nspec: {clusterIP: ${ip}, ports: [{port: 80}]}\n`;
    writeFileSync(join(folder, 'a.yaml'), manifest('10.0.0.51'));
    const { io, stop, said } = terminal();
    const done = run(['-dns.port=0', '--manifests', folder], io);
    const port = Number((await said(/DNS +127\.0\.0\.1:(\d+)/, done))[1]);
    expect((await ask('s-1.default.svc.cluster.local', port)).address).toBe('10.0.0.51');
    writeFileSync(join(folder, 'a.yaml'), manifest('10.0.0.52'));
    await expect
      .poll(async () => (await ask('s-2.default.svc.cluster.local', port)).address)
      .toBe('10.0.0.52');
    await expect.poll(async () => (await ask('s-1.default.svc.cluster.local', port)).rcode).toBe(3);
    stop.abort();
    expect(await done).toBe(0);
  });

  it('takes a Corefile of the user and gives it the API by $KUBECONFIG', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'svcdns-demo-test-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(
      join(folder, 'Corefile'),
      'kube.example.org {\n  bind 127.0.0.1\n  kubernetes\n}\n',
    );
    const { io, stop, said } = terminal();
    const done = run(['-dns.port=0', '--corefile', join(folder, 'Corefile')], io);
    const port = Number((await said(/DNS +127\.0\.0\.1:(\d+)/, done))[1]);
    const { address } = await ask('redis-master.discovering-services.svc.kube.example.org', port);
    expect(address).toBe('10.0.0.11');
    stop.abort();
    expect(await done).toBe(0);
  });

  it('names the flag when the port is in use', async () => {
    const taken = createSocket('udp4');
    await new Promise<void>((resolve) => taken.bind(0, '127.0.0.1', resolve));
    cleanups.push(() => taken.close());
    const { io } = terminal();
    await expect(run(['-dns.port', String(taken.address().port)], io)).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      mend: 'choose another port with -dns.port N',
    });
  });

  it('names the folder of manifests that is not there', async () => {
    const { io } = terminal();
    await expect(run(['-dns.port=0', '--manifests', '/nowhere'], io)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      where: '/nowhere',
    });
  });
});
