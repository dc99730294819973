import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/corefile/loader.js';
import type { Plan } from '../../src/corefile/plan.js';
import { SvcdnsError } from '../../src/errors.js';
import { silentLogger } from '../../src/observe/logger.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';
import { type RunningServer, startServer } from '../../src/server.js';
import { type Ask, inProcess, overSockets } from './answer-path.js';
import { readCaseFiles, runCase } from './case-runner.js';
import { type Surroundings, startSurroundings } from './surroundings.js';

/** UDP takes a free port; somebody may have the same one over TCP, then another is tried. */
async function startOnFreePort(plan: Plan): Promise<RunningServer> {
  for (;;) {
    try {
      return await startServer({ plan, logger: silentLogger, env: {} });
    } catch (error) {
      if (!(error instanceof SvcdnsError && error.code === 'ADDRESS_IN_USE')) throw error;
    }
  }
}

const files = readCaseFiles();

for (const file of files) {
  describe(`svcdns answers ${file.file}`, () => {
    let surroundings: Surroundings;
    let server: RunningServer;
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
      server = await startOnFreePort(plan);
      await server.ready;
      direct = inProcess((transport) => server.answererFor(transport));
      live = overSockets(server.listeners[0]?.port ?? 0);
    });

    afterAll(async () => {
      await server?.close();
      await surroundings?.close();
    });

    for (const one of file.cases) {
      it(`in process: ${one.title}`, () => runCase(direct, one, true));
      it(`over sockets: ${one.title}`, () => runCase(live, one, true));
    }
  });
}

describe('the cases', () => {
  it('show every rule of the specification and every de-facto rule but multi-cluster zones', () => {
    const titles = files.flatMap(({ cases }) => cases.map(({ title }) => title)).join('\n');
    const named = new Set(titles.match(/\b[SD]-\d\d\b/g));
    const numbers = (letter: string, last: number): string[] =>
      Array.from({ length: last }, (_, i) => `${letter}-${String(i + 1).padStart(2, '0')}`);
    const rules = [...numbers('S', 23), ...numbers('D', 18)].filter((rule) => rule !== 'D-16');
    expect(rules.filter((rule) => !named.has(rule))).toEqual([]);
  });

  it('have titles that tell them apart', () => {
    for (const { file, cases } of files) {
      const titles = cases.map(({ title }) => title);
      expect(new Set(titles).size, file).toBe(titles.length);
    }
  });
});
