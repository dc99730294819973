import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Ask, overSockets } from './answer-path.js';
import { readCaseFiles, runCase } from './case-runner.js';
import { freePort, startCoredns } from './coredns-server.js';
import { type Surroundings, startSurroundings } from './surroundings.js';

/** Without it these are skipped: the peer is not part of the product. */
const COREDNS_BIN = process.env['COREDNS_BIN'] ?? '';

for (const file of readCaseFiles()) {
  describe.skipIf(COREDNS_BIN === '' || file.skipOnCoredns !== undefined)(
    `CoreDNS answers ${file.file}`,
    () => {
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
        const reason = one.skipOnCoredns;
        const title = reason === undefined ? one.title : `${one.title} (skipped: ${reason})`;
        it.skipIf(reason !== undefined)(title, () => runCase(live, one, false));
      }
    },
  );
}
