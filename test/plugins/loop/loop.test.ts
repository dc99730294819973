import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { type Chain, createChain } from '../../../src/chain/chain.js';
import type { Handler } from '../../../src/chain/handler.js';
import { planText } from '../../../src/corefile/loader.js';
import type { Logger, LogMethod } from '../../../src/observe/logger.js';
import { forwardPlugin } from '../../../src/plugins/forward/directive.js';
import { ForwardHandler } from '../../../src/plugins/forward/handler.js';
import { LoopHandler } from '../../../src/plugins/loop/handler.js';
import { optionsOf } from '../../../src/plugins/options-of.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../../src/wire/message.js';
import { queryBytes, UDP_CLIENT } from '../../chain/queries.js';
import { ManualClock } from '../../scenarios/manual-clock.js';
import { ScriptedUpstream } from '../../scenarios/scripted-upstream.js';

/** A server with real UDP, its clock by hand, and what it logs to wait for. */
class LoopingServer {
  readonly clock: ManualClock = new ManualClock();
  readonly loops: string[] = [];
  readonly #socket: Socket;
  readonly #lines: { level: string; text: string }[] = [];
  readonly #wanted: { pattern: RegExp; resolve: (text: string) => void }[] = [];
  /** What answers at the socket; a test may put something else there. */
  answer: (bytes: Uint8Array) => Promise<Uint8Array | undefined> = async () => undefined;
  #chain: Chain | undefined;
  #forward: ForwardHandler | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      void this.answer(Uint8Array.from(bytes)).then((reply) => {
        if (reply !== undefined) socket.send(reply, from.port, from.address);
      });
    });
  }

  static async open(): Promise<LoopingServer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new LoopingServer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  start(directives: string, withLoop = false): void {
    const registry = new Map([[forwardPlugin.name, forwardPlugin]]);
    const { plan } = planText(`. {\n${directives}\n}\n`, 'Corefile', { env: {}, registry });
    const block = plan?.blocks[0];
    const options = block === undefined ? undefined : optionsOf(block, forwardPlugin);
    if (block === undefined || options === undefined) throw new Error('a broken Corefile');
    const environment = {
      logger: this.#logger(),
      addresses: block.addresses,
      now: () => this.clock.now(),
      wallClock: () => 0,
      random: () => 0.5,
      ownsName: () => false,
      resolve: () => Promise.reject(new Error('not asked here')),
      count: () => {},
      observe: () => {},
    };
    this.#forward = new ForwardHandler(options, environment, { clock: this.clock });
    const handlers: Handler[] = [this.#forward];
    if (withLoop) {
      const tools = { onLoop: (zone: string) => this.loops.push(zone) };
      handlers.unshift(new LoopHandler({ zone: '.' }, environment, tools));
    }
    const chain = createChain({
      blocks: [block],
      listener: { scheme: 'dns', port: 53 },
      handlersOf: () => handlers,
      logger: environment.logger,
    });
    this.#chain = chain;
    this.answer = (bytes) => chain.resolve(bytes, UDP_CLIENT);
  }

  async ask(qname: string): Promise<Message | undefined> {
    const bytes = await this.#chain?.resolve(queryBytes({ qname }), UDP_CLIENT);
    return bytes === undefined ? undefined : decodeMessage(bytes);
  }

  /** The first line that matches, logged already or to come. */
  logged(pattern: RegExp): Promise<string> {
    const line = this.#lines.find(({ text }) => pattern.test(text));
    if (line !== undefined) return Promise.resolve(line.text);
    return new Promise((resolve) => this.#wanted.push({ pattern, resolve }));
  }

  lines(level: string): readonly string[] {
    return this.#lines.filter((line) => line.level === level).map(({ text }) => text);
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms, () => new Promise((resolve) => setImmediate(resolve)));
  }

  async close(): Promise<void> {
    const closing = this.#forward?.close();
    await this.advance(10_000);
    await closing;
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #logger(): Logger {
    const method =
      (level: string): LogMethod =>
      (_, text) => {
        this.#lines.push({ level, text });
        for (const { pattern, resolve } of this.#wanted) if (pattern.test(text)) resolve(text);
      };
    const logger: Logger = {
      debug: method('debug'),
      info: method('info'),
      warn: method('warn'),
      error: method('error'),
      child: () => logger,
    };
    return logger;
  }
}

const opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function openServer(): Promise<LoopingServer> {
  const server = await LoopingServer.open();
  opened.push(() => server.close());
  return server;
}

async function openUpstream(): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.open();
  opened.push(() => upstream.stop());
  return upstream;
}

describe('an upstream that is the server itself', () => {
  it('is found soon after the start, named in one log line with the mend, and out of use', async () => {
    const server = await openServer();
    server.start(`forward . 127.0.0.1:${server.port}`);
    await server.advance(250);
    const line = await server.logged(/leads back/);
    expect(line).toContain(`127.0.0.1:${server.port}`);
    expect(line).toContain('/run/systemd/resolve/resolv.conf');
    expect(await server.ask('www.example.org.')).toMatchObject({ rcode: 2 });
    expect(server.lines('error')).toHaveLength(1);
  });

  it('ends the wait of questions that are going in circles', async () => {
    const server = await openServer();
    server.start(`forward . 127.0.0.1:${server.port}`);
    const reply = server.ask('www.example.org.');
    await server.advance(250);
    expect(await reply).toMatchObject({ rcode: 2 });
  });

  it('leaves the other upstreams in use', async () => {
    const server = await openServer();
    const upstream = await openUpstream();
    server.start(`forward . 127.0.0.1:${server.port} 127.0.0.1:${upstream.port} {
      policy sequential
    }`);
    await server.advance(250);
    await server.logged(/leads back/);
    const reply = server.ask('www.example.org.');
    upstream.answer(await upstream.next(), { answer: ['www.example.org. 60 IN A 192.0.2.1'] });
    expect(await reply).toMatchObject({ rcode: 0, answer: [{ ttl: 60 }] });
  });

  it('is found by the loop directive too, which tells whoever wants to know, once', async () => {
    const server = await openServer();
    server.start(`forward . 127.0.0.1:${server.port}`, true);
    await server.advance(250);
    await server.logged(/forwarding loop detected for zone \./);
    await server.logged(/leads back/);
    await server.advance(60_000);
    expect(server.loops).toEqual(['.']);
  });

  it('is found when it begins to lead back while the server runs', async () => {
    const server = await openServer();
    server.start(`forward . 127.0.0.1:${server.port}`);
    const loop = server.answer;
    server.answer = answerNobody;
    await server.advance(250);
    await server.advance(20_000);
    expect(server.lines('error')).toEqual([]);
    server.answer = loop;
    const reply = server.ask('www.example.org.');
    await server.advance(150);
    await server.logged(/leads back/);
    expect(await reply).toMatchObject({ rcode: 2 });
  });

  it('is used again when it leads elsewhere', async () => {
    const server = await openServer();
    server.start(`forward . 127.0.0.1:${server.port}`);
    await server.advance(250);
    await server.logged(/leads back/);
    server.answer = answerNobody;
    await server.advance(30_000);
    await server.logged(/leads elsewhere now and is in use again/);
    expect(await server.ask('www.example.org.')).toMatchObject({ rcode: 3 });
  });
});

/** A name server for which no name exists. */
async function answerNobody(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const query = decodeMessage(bytes);
  if (query === undefined) return undefined;
  const { id, question } = query;
  return encodeMessage(message({ id, response: true, rcode: 3, question }));
}
