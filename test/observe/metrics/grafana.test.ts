/** Every query of the page about dashboards finds its series in a scrape of a server with traffic. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseScrape, type Scrape } from './exposition-text.js';
import { MeasuredServer } from './measured-server.js';

const page = readFileSync(new URL('../../../docs/grafana.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^## (.+?)$|^```promql\n(.*?)^```$/gms)];

/** Labels that Prometheus adds to what it scrapes. */
const TARGET_LABELS = new Set(['job', 'instance', 'cluster', 'namespace', 'pod']);
/** Not there unless something is wrong: the alert that asks for it is silent then, as it should be. */
const ONLY_IN_TROUBLE = new Set(['coredns_forward_healthcheck_failures_total']);

interface Query {
  readonly title: string;
  readonly text: string;
}

const queries: Query[] = [];
let title = '';
for (const [, heading, text] of blocks) {
  if (heading !== undefined) title = heading;
  for (const line of (text ?? '').split('\n')) if (line !== '') queries.push({ title, text: line });
}

/** A metric as a query selects it, with the labels that the query needs of it. */
interface Selector {
  readonly metric: string;
  readonly matchers: readonly (readonly [label: string, operator: string, value: string])[];
  readonly labels: readonly string[];
}

const MATCHER = /(\w+)(=~|!=|=)"([^"]*)"/g;

/** Selectors of one alternative of an `or`. */
function selectorsOf(text: string): Selector[] {
  const grouped = [...text.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names]) =>
    (names ?? '').split(',').map((name) => name.trim()),
  );
  const wanted = /^label_values\((\w+), (\w+)\)$/.exec(text);
  const labels = wanted === null ? grouped : [wanted[2] ?? ''];
  return [...text.matchAll(/\b((?:coredns|svcdns|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, metric = '', matchers = '']) => ({
      metric,
      matchers: [...matchers.matchAll(MATCHER)].map(
        ([, label = '', operator = '', value = '']) => [label, operator, value] as const,
      ),
      labels: labels.filter((label) => !TARGET_LABELS.has(label)),
    }),
  );
}

function selects(scrape: Scrape, { metric, matchers, labels }: Selector): boolean {
  return scrape.samples.some(
    (sample) =>
      sample.name === metric &&
      matchers.every(([label, operator, value]) => {
        const has = sample.labels[label] ?? '';
        if (operator === '=') return has === value;
        return operator === '!=' ? has !== value : new RegExp(`^(?:${value})$`).test(has);
      }) &&
      // misses have no type in CoreDNS either: the panel shows them as one line
      (metric === 'coredns_cache_misses_total' || labels.every((label) => label in sample.labels)),
  );
}

describe('the page about dashboards', () => {
  let server: MeasuredServer;
  let scrape: Scrape;
  beforeAll(async () => {
    server = await MeasuredServer.start();
    await server.traffic();
    const { body } = await server.registry.exposition({ accept: '', runtimeMetrics: false });
    scrape = parseScrape(body);
  });
  afterAll(() => server.close());

  it('has the queries of three dashboards and what only svcdns has', () => {
    expect(new Set(queries.map((query) => query.title)).size).toBe(4);
    expect(queries.length).toBeGreaterThan(50);
    for (const { text } of queries) expect(selectorsOf(text), text).not.toEqual([]);
  });

  for (const { title: dashboard, text } of queries) {
    it(`${dashboard}: ${text}`, () => {
      const alternatives = text.split(' or ').map(selectorsOf);
      const found = alternatives.some((selectors) =>
        selectors.every(
          (selector) => ONLY_IN_TROUBLE.has(selector.metric) || selects(scrape, selector),
        ),
      );
      expect(found).toBe(true);
    });
  }
});

it('makes the old name of failed health checks from today’s', async () => {
  const server = await MeasuredServer.start();
  try {
    server.countHealthCheckFailure('192.0.2.53:53');
    const { body } = await server.registry.exposition({ accept: '', runtimeMetrics: false });
    const [selector] = selectorsOf(
      'sum(rate(coredns_forward_healthcheck_failures_total{to="192.0.2.53:53"})) by (to)',
    );
    expect(selector && selects(parseScrape(body), selector)).toBe(true);
  } finally {
    await server.close();
  }
});
