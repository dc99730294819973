/** What a listener's tally makes of the calls that a fast answerer makes, with a clock by hand. */
import { describe, expect, it } from 'vitest';
import { ListenerTally } from '../../../src/observe/metrics/listener-tally.js';
import { SeriesCollector } from '../../../src/observe/metrics/series-collector.js';
import { ThreadSeries } from '../../../src/observe/metrics/thread-series.js';
import { QueryScan, scanQuery } from '../../../src/wire/query-scan.js';
import { SLOW_FALLTHROUGH, SLOW_PATH_REASONS } from '../../../src/zone/answer-tally.js';
import { openZone, type ServedZone } from '../../../src/zone/served-zone.js';
import { ZoneTable } from '../../../src/zone/zone-table.js';
import { queryBytes, UDP_CLIENT } from '../../chain/queries.js';

function servedZone(zone: string): ServedZone {
  const table = new ZoneTable({ zone, ttlSeconds: 5, allowsShort: () => false }, 1024 * 1024);
  const kind = 'forward';
  const description = { zone, kind, table: table.buffer, ttlSeconds: 5 } as const;
  return openZone({ ...description, fallthrough: false, short: false, searchOutside: false }, 0);
}

class TallyUnderTest {
  nowMs = 0;
  readonly tally: ListenerTally;
  readonly #collector = new SeriesCollector();

  constructor(address = '', zones: readonly string[] = ['.', 'example.org.']) {
    this.tally = new ListenerTally({
      series: new ThreadSeries(this.#collector.memoryOf(0)),
      server: 'dns://:53',
      transport: 'udp',
      address,
      zones,
      now: () => this.nowMs,
    });
  }

  /** One table answer that takes so long. */
  answer(zone: ServedZone, tookMs: number, qtype = 1): void {
    this.tally.arrived(40);
    this.nowMs += tookMs;
    this.tally.answered(zone, scanOf('web.shop.svc.cluster.local.', qtype), 0, 100);
  }

  numbers(metric: string): Record<string, readonly number[]> {
    const series = this.#collector.collect().get(metric) ?? [];
    return Object.fromEntries(series.map(({ values, numbers }) => [values.join(' '), numbers]));
  }
}

function scanOf(qname: string, qtype = 1): QueryScan {
  const scan = new QueryScan();
  const bytes = queryBytes({ qname, qtype });
  scanQuery(bytes, 0, bytes.length, scan);
  return scan;
}

describe('durations of table answers', () => {
  it('are as many as there were answers, one in 64 of them timed', () => {
    const under = new TallyUnderTest();
    const zone = servedZone('cluster.local.');
    under.answer(zone, 0.1); // timed, stands for itself and 63 others
    for (let i = 0; i < 63; i++) under.answer(zone, 700);
    under.answer(zone, 1.5); // timed again
    const [numbers = []] = Object.values(under.numbers('coredns_dns_request_duration_seconds'));
    expect(numbers[0]).toBe(64);
    expect(numbers[3]).toBe(1);
    expect(numbers[17]).toBeCloseTo(64 * 0.0001 + 0.0015);
  });

  it('are not mixed up with the time of a query that went to the chain', () => {
    const under = new TallyUnderTest();
    under.tally.arrived(40);
    under.tally.passed(SLOW_FALLTHROUGH);
    under.nowMs += 5_000;
    under.answer(servedZone('cluster.local.'), 0.1);
    const [numbers = []] = Object.values(under.numbers('coredns_dns_request_duration_seconds'));
    expect(numbers[0]).toBe(1);
    expect(numbers[17]).toBeCloseTo(0.0001);
  });
});

describe('labels', () => {
  it('name the longest zone of a block that the table’s zone lies in', () => {
    const under = new TallyUnderTest();
    under.answer(servedZone('cluster.local.'), 0);
    under.answer(servedZone('c.example.org.'), 0);
    under.answer(servedZone('cluster.local.'), 0);
    expect(under.numbers('coredns_dns_requests_total')).toEqual({
      'dns://:53 .  udp 1 A': [2],
      'dns://:53 example.org.  udp 1 A': [1],
    });
  });

  it('name the family that the listener’s address has, or the client’s where the chain answers', async () => {
    const under = new TallyUnderTest('fd00::10');
    under.answer(servedZone('cluster.local.'), 0);
    const chain = (address: string) =>
      under.tally.chain(queryBytes({}), { ...UDP_CLIENT, address }, async () => undefined);
    await chain('192.0.2.1');
    await chain('2001:db8::1');
    expect(under.numbers('coredns_dns_requests_total')).toEqual({
      'dns://:53 .  udp 2 A': [2],
      'dns://:53 .  udp 1 A': [1],
    });
  });

  it('put all types that CoreDNS does not tell apart into one', () => {
    const under = new TallyUnderTest();
    const zone = servedZone('cluster.local.');
    for (const qtype of [64, 65, 99, 256, 257, 65_535, 255]) under.answer(zone, 0, qtype);
    expect(under.numbers('coredns_dns_requests_total')).toEqual({
      'dns://:53 .  udp 1 SVCB': [1],
      'dns://:53 .  udp 1 HTTPS': [1],
      'dns://:53 .  udp 1 other': [4],
      'dns://:53 .  udp 1 ANY': [1],
    });
  });

  it('name the cache for answers that it gave without the directives', () => {
    const under = new TallyUnderTest();
    under.tally.arrived(40);
    under.tally.cached(scanOf('www.example.org.'), 3, 90);
    expect(under.numbers('coredns_dns_responses_total')).toEqual({
      'dns://:53 example.org.  NXDOMAIN cache': [1],
    });
    expect(under.numbers('coredns_dns_requests_total')).toEqual({
      'dns://:53 example.org.  udp 1 A': [1],
    });
  });
});

it('counts a query that gets no answer as a query, and its reply as none', async () => {
  const under = new TallyUnderTest();
  await under.tally.chain(queryBytes({}), UDP_CLIENT, async () => undefined);
  expect(under.numbers('coredns_dns_requests_total')).toEqual({ 'dns://:53 .  udp 1 A': [1] });
  expect(under.numbers('coredns_dns_responses_total')).toEqual({});
});

it('has a name for every reason', () => {
  const under = new TallyUnderTest();
  for (const reason of SLOW_PATH_REASONS.keys()) under.tally.passed(reason);
  const names = Object.keys(under.numbers('svcdns_slow_path_queries_total'));
  expect(names).toEqual(SLOW_PATH_REASONS.map((reason) => `dns://:53 ${reason}`));
});
