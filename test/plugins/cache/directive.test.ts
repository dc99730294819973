import { describe, expect, it } from 'vitest';
import { planText } from '../../../src/corefile/loader.js';
import { cachePlugin } from '../../../src/plugins/cache/directive.js';
import type { CacheOptions } from '../../../src/plugins/cache/options.js';
import { optionsOf } from '../../../src/plugins/options-of.js';

const registry = new Map([[cachePlugin.name, cachePlugin]]);

function read(directive: string): CacheOptions | string {
  const { plan, faults } = planText(`example.org {\n${directive}\n}\n`, 'Corefile', {
    env: {},
    registry,
  });
  const block = plan?.blocks[0];
  const options = block === undefined ? undefined : optionsOf(block, cachePlugin);
  return options ?? (faults ?? []).map((fault) => fault.line).join('\n');
}

describe('the cache directive', () => {
  it('has its defaults without arguments: the block’s zones, stale answers for an hour', () => {
    expect(read('cache')).toMatchObject({
      zones: ['example.org.'],
      success: { capacity: 9_984, maxTtl: 3_600, minTtl: 0 },
      denial: { capacity: 9_984, maxTtl: 1_800, minTtl: 0 },
      stale: { keepSeconds: 3_600, waitMs: 1_800, ttl: 30 },
      servfailSeconds: 5,
      keepTtl: false,
    });
  });

  it('takes a TTL for both kinds, and zones', () => {
    expect(read('cache 30 a.example.org 10.0.0.0/8')).toMatchObject({
      zones: ['a.example.org.', '10.in-addr.arpa.'],
      success: { maxTtl: 30 },
      denial: { maxTtl: 30 },
    });
  });

  it('takes every option in its full form', () => {
    expect(
      read(`cache 600 {
        success 5000 3600 10
        denial 2500 60
        prefetch 10 2m 20%
        serve_stale 2h verify 100ms 30s 1m
        serve_stale_policy prefer_positive
        servfail 1m
        disable success cluster.local
        disable denial
        keepttl
      }`),
    ).toMatchObject({
      success: { capacity: 5_000, maxTtl: 3_600, minTtl: 10 },
      denial: { capacity: 2_500, maxTtl: 60, minTtl: 0 },
      prefetch: { amount: 10, windowSeconds: 120, percentage: 20 },
      stale: {
        keepSeconds: 7_200,
        waitMs: 100,
        ttl: 30,
        recheckSeconds: 60,
        preferPositive: true,
      },
      servfailSeconds: 60,
      disableSuccess: ['cluster.local.'],
      disableDenial: ['.'],
      keepTtl: true,
    });
  });

  it.each([
    ['serve_stale', { keepSeconds: 3_600, waitMs: 0, ttl: 30 }],
    ['serve_stale 0s', { keepSeconds: 0 }],
    ['serve_stale 10m immediate 0s 5s', { keepSeconds: 600, waitMs: 0, ttl: 0, recheckSeconds: 5 }],
    ['serve_stale 1h verify', { waitMs: Number.POSITIVE_INFINITY }],
    ['serve_stale 1h verify 0 5s', { waitMs: Number.POSITIVE_INFINITY, ttl: 5 }],
  ])('reads %s', (line, stale) => {
    expect(read(`cache {\n${line}\n}`)).toMatchObject({ stale });
  });

  it.each([
    ['cache 0', 'Corefile:2: cache: "0" is no whole number from 1 to 2147483647'],
    ['cache {\nsuccess\n}', 'Corefile:3: success lacks its capacity'],
    ['cache {\ndenial 10 0\n}', 'Corefile:3: denial: "0" is no whole number from 1'],
    ['cache {\nprefetch 10 1m 5%\n}', 'Corefile:3: prefetch: "5" is no whole number from 10 to 90'],
    ['cache {\nprefetch 10 1m 50\n}', 'Corefile:3: prefetch: "50" is no percentage'],
    ['cache {\nserve_stale 1h later\n}', 'Corefile:3: serve_stale has no mode "later"'],
    ['cache {\nserve_stale 1h immediate 500ms\n}', 'Corefile:3: serve_stale: "500ms" is no TTL'],
    ['cache {\nserve_stale_policy prefer_positive\n}', 'serve_stale_policy needs serve_stale'],
    ['cache {\nservfail 6m\n}', 'Corefile:3: servfail: SERVFAIL may be cached for 5 minutes'],
    ['cache {\ndisable errors\n}', 'Corefile:3: disable has no value "errors"'],
    ['cache {\nprefech 10\n}', 'Corefile:3: cache has no option "prefech" (did you mean prefetch?'],
  ])('refuses %j with the place and the mend', (directive, fault) => {
    expect(read(directive)).toContain(fault);
  });
});
