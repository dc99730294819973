/** Readers in threads of their own against a writer at full speed: no answer ever mixes two generations. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const NAMES = 40;
const UPDATES = 150_000;
const READERS = 2;

/** Asks every name over and over; an answer of generation g has 1 + g % 9 addresses, all of which say g. */
const READER = `
  const { workerData, parentPort } = require('node:worker_threads');
  (async () => {
    const { dist, table, stop, reader, names } = workerData;
    const { openZone } = await import(dist + 'zone/served-zone.js');
    const { FastAnswerer } = await import(dist + 'zone/fast-answerer.js');
    const { Rotation } = await import(dist + 'zone/reply.js');
    const { encodeMessage, decodeMessage, message } = await import(dist + 'wire/message.js');
    const zone = openZone({ zone: 'cluster.local.', kind: 'forward', table, ttlSeconds: 5,
      fallthrough: false, short: false, searchOutside: false }, reader);
    const answerer = new FastAnswerer({ isDatagram: false, udpLimit: 1232, rotation: new Rotation(7),
      cuts: [{ apex: zone.apex, labels: zone.apexLabels, zone, shortZone: undefined, cache: undefined }] });
    const queries = Array.from({ length: names }, (_, i) => encodeMessage(message({ id: i,
      question: [{ qname: 's' + i + '.ns.svc.cluster.local.', qtype: 1, qclass: 1 }] })));
    const out = new Uint8Array(65535);
    let answers = 0, misses = 0, generations = new Set(), fault;
    while (Atomics.load(stop, 0) === 0 && fault === undefined) {
      for (let i = 0; i < names; i++) {
        const length = answerer.answer(queries[i], 0, queries[i].length, out, 0, out.length);
        const reply = decodeMessage(out.subarray(0, length));
        if (reply === undefined) { fault = 'no message: ' + Buffer.from(out.subarray(0, length)).toString('hex'); break; }
        if (reply.rcode === 3) { misses++; continue; }
        const seen = reply.answer.map((r) => Buffer.from(r.rdata).readUInt32BE(0) >>> 4);
        const g = seen[0];
        if (!seen.every((s) => s === g) || seen.length !== 1 + (g % 9)) { fault = 's' + i + ': ' + seen; break; }
        if (new Set(reply.answer.map((r) => String(r.rdata))).size !== seen.length) { fault = 'repeated ' + seen; break; }
        answers++;
        if (generations.size < 100000) generations.add(g);
      }
    }
    parentPort.postMessage({ answers, misses, generations: generations.size, fault });
  })();
`;

interface ReaderReport {
  readonly answers: number;
  readonly misses: number;
  readonly generations: number;
  readonly fault: string | undefined;
}

it('shows every reader whole answers while names are replaced, removed and added', async () => {
  const { ZoneTable } = await import('../../src/zone/zone-table.js');
  const table = new ZoneTable(
    { zone: 'cluster.local.', ttlSeconds: 5, allowsShort: () => false },
    64 * 1024 * 1024,
  );
  table.replaceUnit('', [{ name: '', rrsets: [] }]);
  table.writer.setReady();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const readers = Array.from({ length: READERS }, (_, i) => {
    const worker = new Worker(READER, {
      eval: true,
      workerData: { dist, table: table.buffer, stop, reader: i + 1, names: NAMES },
    });
    return new Promise<ReaderReport>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  });
  for (let g = 1; g <= UPDATES; g++) {
    const i = g % NAMES;
    const addresses = Array.from({ length: 1 + (g % 9) }, (_, k) => {
      const value = (g << 4) | k;
      return `${(value >>> 24) & 255}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
    });
    const removed = g % 13 === 0;
    table.replaceUnit(
      `s${i}`,
      removed ? [] : [{ name: `s${i}.ns.svc`, rrsets: [{ type: 'A', addresses }] }],
    );
    if (g % 3 === 0) table.writer.reclaim();
    // the event loop has to turn for the readers' messages
    if (g % 5000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  Atomics.store(stop, 0, 1);
  for (const report of await Promise.all(readers)) {
    expect(report.fault).toBeUndefined();
    expect(report.answers).toBeGreaterThan(1000);
    expect(report.misses).toBeGreaterThan(0);
    expect(report.generations).toBeGreaterThan(100);
  }
  expect(table.writer.takenOctets).toBeLessThan(1024 * 1024);
});
