import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordFromText, recordToText } from '../../src/dns/record-text.js';
import type { ResourceRecord } from '../../src/dns/resource-record.js';
import {
  CLUSTER_OBJECTS,
  commonQuestions,
  OUTSIDE_ZONE,
  STOCK_CASES,
  type StockCase,
  type StockEndpoint,
  type StockQuestion,
} from './stock-cases.js';
import { stockPlan } from './stock-plan.js';
import { type StockServer, startStockServer } from './stock-server.js';

const PATHS: Readonly<Record<StockEndpoint, string>> = {
  health: '/health',
  ready: '/ready',
  prometheus: '/metrics',
};
/** Not opened by the server yet: the directive is read, nothing listens. */
const PENDING_ENDPOINTS: ReadonlySet<StockEndpoint> = new Set(['prometheus']);
/** A cached record may have been counted down by this much in the course of a test. */
const MAX_AGE_SECONDS = 4;

async function start(stock: StockCase): Promise<StockServer> {
  const { plan, faults = [] } = stockPlan(stock.distribution);
  if (plan === undefined) throw new Error(faults.map(({ line }) => line).join('\n'));
  return startStockServer({
    distribution: stock.distribution,
    plan,
    objects: CLUSTER_OBJECTS,
    upstreamZones: { [stock.outside]: OUTSIDE_ZONE, ...stock.zones },
  });
}

async function expectAnswer(server: StockServer, question: StockQuestion): Promise<void> {
  const { qname, qtype, rcode = 0, answer } = question;
  for (const transport of ['udp', 'tcp'] as const) {
    const reply = await server.ask(qname, qtype, transport);
    const records = reply.answer.map((record, i) => withoutAge(record, answer[i]));
    expect({ transport, rcode: reply.rcode, records }).toEqual({
      transport,
      rcode,
      records: answer,
    });
  }
}

/** The text of a record, its TTL set back to the expected one where it was counted down a little. */
function withoutAge(record: ResourceRecord, expected: string | undefined): string {
  if (expected === undefined) return recordToText(record);
  const { ttl } = recordFromText(expected);
  const isAged = record.ttl <= ttl && record.ttl >= ttl - MAX_AGE_SECONDS;
  return recordToText(isAged ? { ...record, ttl } : record);
}

it('there is a case for every distribution', () => {
  const folders = readdirSync(fileURLToPath(new URL('distributions', import.meta.url)));
  const expected = [...STOCK_CASES.map(({ distribution }) => distribution), 'node'];
  expect(folders.sort()).toEqual(expected.sort());
});

describe.each(STOCK_CASES)('the stock Corefile of $distribution', (stock) => {
  it('is planned without a fault', () => {
    const { faults = [] } = stockPlan(stock.distribution);
    expect(faults.map(({ line }) => line)).toEqual([]);
  });

  describe('running', () => {
    let server: StockServer;
    beforeAll(async () => {
      server = await start(stock);
    });
    afterAll(() => server?.close());

    it.each([...commonQuestions(stock), ...stock.questions])(
      'answers $qname over UDP and TCP',
      (question) => expectAnswer(server, question),
    );

    const endpoints = stock.endpoints.filter((name) => !PENDING_ENDPOINTS.has(name));
    it.each(endpoints)('serves what %s asks for', async (name) => {
      const { status } = await fetch(`http://127.0.0.1:${server.httpPorts[name]}${PATHS[name]}`);
      expect(status).toBe(200);
    });

    it('logs neither a warning nor an error', () => {
      expect(server.complaints).toEqual([]);
    });
  });
});
