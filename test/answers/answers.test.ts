/** Every shared case on every answering path. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/corefile/loader.js';
import { recordToText } from '../../src/dns/record-text.js';
import { silentLogger } from '../../src/observe/logger.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';
import { startServer } from '../../src/server.js';
import { decodeMessage } from '../../src/wire/message.js';
import { type Ask, inProcess, overSockets } from './answer-path.js';
import { type AnswerCase, type AnswerStep, type CaseFile, parseCaseFile } from './case-file.js';
import { freePort, startCoredns } from './coredns-server.js';
import { faultsOf, queryOf, replyLines } from './reply-check.js';
import { ROOM, type Surroundings, startSurroundings } from './surroundings.js';

const COREDNS_BIN = process.env['COREDNS_BIN'] ?? '';
const CASES = join(ROOM, 'cases');

/** Whom a path asks. */
interface Path {
  readonly name: string;
  readonly isOurs: boolean;
}

async function check(ask: Ask, step: AnswerStep, path: Path): Promise<void> {
  for (const transport of step.transports) {
    const firsts = new Set<string>();
    for (let i = 0; i < (step.rotates ?? 1); i++) {
      const bytes = await ask(queryOf(step), transport);
      const reply = decodeMessage(bytes);
      const faults = faultsOf(bytes, step, { transport, isOurs: path.isOurs });
      const shown = reply === undefined ? [] : replyLines(reply);
      expect(
        faults,
        `${path.name}, ${transport}, step at line ${step.line}\n${shown.join('\n')}`,
      ).toEqual([]);
      const [first] = reply?.answer ?? [];
      if (first !== undefined) firsts.add(recordToText(first));
    }
    if (step.rotates !== undefined && step.answer.kind !== 'anything') {
      const all = step.answer.records.map(({ record }) => recordToText(record));
      expect([...firsts].sort(), `${path.name}, ${transport}: records that stood first`).toEqual(
        all.sort(),
      );
    }
  }
}

async function checkAll(ask: Ask, { steps }: AnswerCase, path: Path): Promise<void> {
  for (const step of steps) await check(ask, step, path);
}

const files: readonly CaseFile[] = readdirSync(CASES)
  .filter((file) => file.endsWith('.answers'))
  .map((file) => parseCaseFile(file, readFileSync(join(CASES, file), 'utf8')));

for (const file of files)
  describe(`svcdns answers ${file.file}`, () => {
    let surroundings: Surroundings;
    let server: Awaited<ReturnType<typeof startServer>>;
    let direct: Ask;
    let live: Ask;

    beforeAll(async () => {
      surroundings = await startSurroundings(file, 0);
      const { plan, faults } = loadPlan(surroundings.corefile, {
        env: surroundings.env,
        registry: PLUGIN_REGISTRY,
        defaultPort: 0,
      });
      if (faults !== undefined) throw new Error(faults.map((fault) => fault.line).join('\n'));
      server = await startServer({ plan, logger: silentLogger, env: {} });
      await server.ready;
      direct = inProcess((transport) => server.answererFor(transport));
      live = overSockets(server.listeners[0]?.port ?? 0);
    });

    afterAll(async () => {
      await server?.close();
      await surroundings?.close();
    });

    for (const one of file.cases) {
      it(`in process: ${one.title}`, async () => {
        await checkAll(direct, one, { name: 'in process', isOurs: true });
      });

      it(`over sockets: ${one.title}`, async () => {
        await checkAll(live, one, { name: 'over sockets', isOurs: true });
      });
    }
  });

for (const file of files)
  describe.skipIf(COREDNS_BIN === '')(`CoreDNS answers ${file.file}`, () => {
    let surroundings: Surroundings;
    let coredns: Awaited<ReturnType<typeof startCoredns>>;
    let live: Ask;

    beforeAll(async () => {
      surroundings = await startSurroundings(file, await freePort());
      coredns = await startCoredns(COREDNS_BIN, surroundings.corefile, surroundings.env);
      live = overSockets(coredns.port);
    });

    afterAll(async () => {
      await coredns?.close();
      await surroundings?.close();
    });

    for (const one of file.cases) {
      const reason = one.skipOnCoredns === undefined ? '' : ` (skipped: ${one.skipOnCoredns})`;
      it.skipIf(reason !== '')(`${one.title}${reason}`, async () => {
        await checkAll(live, one, { name: 'CoreDNS', isOurs: false });
      });
    }
  });
