/** A changed Corefile takes effect in the running process: no query is lost, a broken one changes nothing. */
import { afterEach, describe, expect, it } from 'vitest';
import { ask, freeUdpPort, ServerProcess } from './server-process.js';

let server: ServerProcess | undefined;

afterEach(async () => {
  await server?.end('SIGKILL');
  server = undefined;
});

function corefile(port: number, address: string, workers: number): string {
  return `example.org:${port} {
    bind 127.0.0.1
    workers ${workers}
    hosts {
        ${address} www.example.org
    }
}
`;
}

async function addressOf(port: number): Promise<string> {
  const reply = await ask(port, 'www.example.org.');
  return [...(reply.answer[0]?.rdata ?? [])].join('.');
}

for (const workers of [0, 2]) {
  describe(`reload with ${workers} workers`, () => {
    it('takes a new text over at SIGHUP while queries go on', async () => {
      const port = await freeUdpPort();
      server = new ServerProcess(corefile(port, '192.0.2.1', workers));
      await server.printed(new RegExp(`example\\.org\\.:${port}`));
      expect(await addressOf(port)).toBe('192.0.2.1');
      let asking = true;
      const seen: string[] = [];
      const load = (async () => {
        while (asking) seen.push(await addressOf(port));
      })();
      while (seen.length < 20) await new Promise((resolve) => setImmediate(resolve));
      server.write(corefile(port, '192.0.2.2', workers));
      server.process.kill('SIGHUP');
      await server.printed(/the Corefile was taken over/);
      while (seen.at(-1) !== '192.0.2.2') await new Promise((resolve) => setImmediate(resolve));
      asking = false;
      await load;
      expect(new Set(seen)).toEqual(new Set(['192.0.2.1', '192.0.2.2']));
      expect(await server.end()).toBe(0);
    });

    it('opens a new port and closes one that is gone', async () => {
      const [first, second] = [await freeUdpPort(), await freeUdpPort()];
      server = new ServerProcess(corefile(first, '192.0.2.1', workers));
      await server.printed(new RegExp(`example\\.org\\.:${first}`));
      server.write(corefile(second, '192.0.2.1', workers));
      server.process.kill('SIGUSR1');
      await server.printed(/the Corefile was taken over/);
      expect(await addressOf(second)).toBe('192.0.2.1');
      expect(await server.end()).toBe(0);
    });

    it('refuses a broken text with its place and goes on as before', async () => {
      const port = await freeUdpPort();
      server = new ServerProcess(corefile(port, '192.0.2.1', workers));
      await server.printed(new RegExp(`example\\.org\\.:${port}`));
      server.write(corefile(port, '192.0.2.2', workers).replace('hosts', 'hots'));
      server.process.kill('SIGHUP');
      await server.printed(/the changed Corefile is refused/);
      expect(server.output).toMatch(/Corefile:4/);
      expect(await addressOf(port)).toBe('192.0.2.1');
      expect(await server.end()).toBe(0);
    });
  });
}
