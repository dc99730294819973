/** Runs a scenario: one server block with its clock in hand, upstreams on loopback. */
import { expect } from 'vitest';
import { createChain } from '../../src/chain/chain.js';
import type { Handler } from '../../src/chain/handler.js';
import type { Client } from '../../src/chain/query.js';
import { planText } from '../../src/corefile/loader.js';
import type { PlannedBlock } from '../../src/corefile/plan.js';
import { rcodeName } from '../../src/dns/rcode.js';
import { recordToText } from '../../src/dns/record-text.js';
import { rrtypeCode, rrtypeName } from '../../src/dns/rrtype.js';
import { silentLogger } from '../../src/observe/logger.js';
import { cachePlugin } from '../../src/plugins/cache/directive.js';
import { CacheHandler } from '../../src/plugins/cache/handler.js';
import { forwardPlugin } from '../../src/plugins/forward/directive.js';
import { ForwardHandler } from '../../src/plugins/forward/handler.js';
import { optionsOf } from '../../src/plugins/options-of.js';
import type { DataEnvironment } from '../../src/plugins/plugin.js';
import { EDNS_OPTION } from '../../src/wire/edns.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';
import { ManualClock } from './manual-clock.js';
import type { Scenario, Step } from './scenario.js';
import { type Asked, ScriptedUpstream } from './scripted-upstream.js';

const LISTENER = { scheme: 'dns', port: 53 } as const;

/** Runs all steps; throws at the first that does not come true. */
export async function runScenario(scenario: Scenario): Promise<void> {
  const run = new ScenarioRun();
  try {
    await run.open(scenario);
    for (const [index, step] of scenario.steps.entries()) {
      await run.step(step, `step ${index + 1}: ${JSON.stringify(step)}`);
    }
  } finally {
    await run.close();
  }
}

/** A few turns of the event loop: promises and socket callbacks that are ready have run. */
async function turns(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

interface Waiting {
  readonly reply: Promise<Message>;
  done: boolean;
}

class ScenarioRun {
  readonly #clock = new ManualClock();
  readonly #upstreams = new Map<string, ScriptedUpstream>();
  readonly #received = new Map<string, Asked[]>();
  readonly #clients = new Map<string, Waiting>();
  readonly #counters = new Map<string, number>();
  readonly #handlers: Handler[] = [];
  #resolve: (bytes: Uint8Array, client: Client) => Promise<Uint8Array | undefined> = () => {
    throw new Error('the scenario is not open');
  };

  async open({ upstreams, corefile }: Scenario): Promise<void> {
    for (const name of upstreams) this.#upstreams.set(name, await ScriptedUpstream.open());
    const text = corefile.replace(
      /\$(\w+)/g,
      (_, name: string) => `127.0.0.1:${this.#of(name).port}`,
    );
    const registry = new Map([cachePlugin, forwardPlugin].map((plugin) => [plugin.name, plugin]));
    const { plan, faults } = planText(`. {\n${text}\n}\n`, 'Corefile', { env: {}, registry });
    const block = plan?.blocks[0];
    if (plan === undefined || block === undefined) {
      throw new Error(faults?.map((fault) => fault.line).join('\n') ?? 'no block');
    }
    const handlers = this.#handlersOf(block);
    this.#handlers.push(...handlers);
    const chain = createChain({
      blocks: plan.blocks,
      listener: LISTENER,
      handlersOf: () => handlers,
      logger: silentLogger,
    });
    this.#resolve = (bytes, client) => chain.resolve(bytes, client);
  }

  async close(): Promise<void> {
    const closing = Promise.all(this.#handlers.map((handler) => handler.close?.()));
    // what is in flight ends with its deadline
    await this.#clock.advance(10_000, turns);
    await closing;
    for (const upstream of this.#upstreams.values()) await upstream.stop();
  }

  async step(step: Step, where: string): Promise<void> {
    if ('ask' in step) this.#ask(step);
    else if ('receives' in step) await this.#receives(step, where);
    else if ('says' in step) this.#of(step.says).answer(this.#oldest(step.says), step);
    else if ('drops' in step) this.#oldest(step.drops);
    else if ('idle' in step) await this.#idle(step.idle, where);
    else if ('advance' in step) await this.#clock.advance(step.advance, () => this.#settled());
    else if ('got' in step) await this.#got(step, where);
    else if ('waits' in step) {
      await this.#settled();
      expect(this.#client(step.waits).done, where).toBe(false);
    } else if ('checksOf' in step) this.#of(step.checksOf).answersChecks = step.answered;
    else if ('checked' in step) {
      await this.#settled();
      expect(this.#of(step.checked).checks, where).toBeGreaterThanOrEqual(step.atLeast);
    } else if ('stops' in step) await this.#of(step.stops).stop();
    else if ('returns' in step) expect(await this.#of(step.returns).start(), where).toBe(true);
    else if ('hangsUp' in step) {
      this.#of(step.hangsUp).closeStreams();
      await turns();
    } else await this.#counted(step);
  }

  #handlersOf(block: PlannedBlock): Handler[] {
    const environment: DataEnvironment = {
      logger: silentLogger,
      addresses: block.addresses,
      now: () => this.#clock.now(),
      wallClock: () => this.#clock.now(),
      random: () => 0.5,
      ownsName: () => false,
      resolve: () => Promise.reject(new Error('nobody asks the server itself here')),
      count: (metric, _labels, by = 1) => {
        this.#counters.set(metric, (this.#counters.get(metric) ?? 0) + by);
      },
      observe: () => {},
    };
    const cache = optionsOf(block, cachePlugin);
    const forward = optionsOf(block, forwardPlugin);
    const handlers: Handler[] = [];
    if (cache !== undefined) handlers.push(new CacheHandler(cache, environment, this.#clock));
    if (forward !== undefined) {
      handlers.push(new ForwardHandler(forward, environment, { clock: this.#clock }));
    }
    return handlers;
  }

  #ask(step: Extract<Step, { readonly ask: string }>): void {
    const { qname, qtype } = questionOf(step.ask);
    const query = encodeMessage(
      message({
        id: 4711,
        recursionDesired: true,
        checkingDisabled: step.checkingDisabled ?? false,
        authenticData: step.authenticData ?? false,
        question: [{ qname, qtype, qclass: 1 }],
        ...(step.plain === true
          ? {}
          : {
              edns: {
                udpSize: 1232,
                version: 0,
                dnssecOk: step.dnssecOk ?? false,
                options: [{ code: EDNS_OPTION.COOKIE, data: new Uint8Array(8).fill(7) }],
              },
            }),
      }),
    );
    const client: Client = {
      address: '192.0.2.1',
      port: 5300,
      transport: step.over ?? 'udp',
      server: 'dns://:53',
    };
    const reply = this.#resolve(query, client).then((bytes) => {
      const decoded = bytes === undefined ? undefined : decodeMessage(bytes);
      if (decoded === undefined) throw new Error('no reply, or a broken one');
      waiting.done = true;
      expect(decoded.id).toBe(4711);
      expect(decoded.question).toEqual([{ qname, qtype, qclass: 1 }]);
      return decoded;
    });
    const waiting: Waiting = { reply, done: false };
    reply.catch(() => {}); // looked at by `got`
    this.#clients.set(step.as ?? 'client', waiting);
  }

  async #receives(
    step: Extract<Step, { readonly receives: string }>,
    where: string,
  ): Promise<void> {
    const asked = await this.#of(step.receives).next();
    const { message: query, over } = asked;
    expect(over, where).toBe(step.over ?? 'udp');
    // nothing of the client's but its question goes on
    expect(query.edns?.options ?? [], where).toEqual([]);
    if (step.edns !== undefined) expect(query.edns !== undefined, where).toBe(step.edns);
    if (step.question !== undefined) {
      const [question] = query.question;
      const text = `${question?.qname.toLowerCase()} ${rrtypeName(question?.qtype ?? 0)}`;
      expect(text, where).toBe(step.question);
    }
    const received = this.#received.get(step.receives) ?? [];
    received.push(asked);
    this.#received.set(step.receives, received);
  }

  async #idle(name: string, where: string): Promise<void> {
    await this.#settled();
    const questions = this.#of(name).untaken.map(({ message: { question } }) => question);
    expect(questions, where).toEqual([]);
  }

  async #got(step: Extract<Step, { readonly got: string }>, where: string): Promise<void> {
    const reply = await this.#client(step.got).reply;
    if (step.rcode !== undefined) expect(rcodeName(reply.rcode), where).toBe(step.rcode);
    if (step.answer !== undefined) {
      expect(reply.answer.map(recordToText).sort(), where).toEqual([...step.answer].sort());
    }
    if (step.authority !== undefined) {
      expect(reply.authority.map(recordToText).sort(), where).toEqual([...step.authority].sort());
    }
    if (step.truncated !== undefined) expect(reply.truncated, where).toBe(step.truncated);
    if (step.authenticData !== undefined) {
      expect(reply.authenticData, where).toBe(step.authenticData);
    }
    if (step.extendedError !== undefined) {
      const option = reply.edns?.options.find(({ code }) => code === EDNS_OPTION.EDE);
      const code = ((option?.data[0] ?? 0) << 8) | (option?.data[1] ?? 0);
      expect(code, where).toBe(step.extendedError);
    }
  }

  /** Waits until a counter has got there; the test's own time limit ends a wait in vain. */
  async #counted(step: Extract<Step, { readonly counter: string }>): Promise<void> {
    while ((this.#counters.get(step.counter) ?? 0) < step.value) await turns();
    expect(this.#counters.get(step.counter) ?? 0, step.counter).toBe(step.value);
  }

  /** What was under way on sockets has arrived. */
  async #settled(): Promise<void> {
    await turns();
    for (const upstream of this.#upstreams.values()) await upstream.drain();
    await turns();
  }

  #oldest(name: string): Asked {
    const asked = this.#received.get(name)?.shift();
    if (asked === undefined) throw new Error(`${name} received nothing that it could answer`);
    return asked;
  }

  #client(name: string): Waiting {
    const waiting = this.#clients.get(name);
    if (waiting === undefined) throw new Error(`no client ${name}`);
    return waiting;
  }

  #of(name: string): ScriptedUpstream {
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined) throw new Error(`no upstream ${name}`);
    return upstream;
  }
}

function questionOf(text: string): { readonly qname: string; readonly qtype: number } {
  const [qname = '', type = ''] = text.split(' ');
  const qtype = rrtypeCode(type);
  if (qtype === undefined) throw new Error(`no question: ${text}`);
  return { qname, qtype };
}
