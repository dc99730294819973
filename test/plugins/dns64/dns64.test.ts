/** IPv6 addresses for clients that can reach IPv4 through NAT64 only. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describePeerCases } from '../peer-cases.js';
import { type BlockUnderTest, faultsOf, serverBlock } from '../server-block.js';
import { ZoneUpstream } from '../zone-upstream.js';
import { DNS64_CASES, DNS64_RECORDS } from './dns64-cases.js';

describePeerCases(DNS64_CASES, DNS64_RECORDS);

describe('a client', () => {
  let upstream: ZoneUpstream;
  let under: BlockUnderTest | undefined;
  beforeAll(async () => {
    upstream = await ZoneUpstream.open(['v4.org. 300 IN A 192.0.2.33']);
  });
  afterAll(() => upstream.close());
  afterEach(() => under?.close());

  it('over IPv6 gets them without further options, in its letter case, counted', async () => {
    under = serverBlock(`dns64\ncache\nforward . ${upstream.address}`);
    const client = { address: '2001:db8::53' };
    for (let i = 0; i < 2; i++) {
      const reply = await under.ask('v4.ORG AAAA', { client, edns: {} });
      expect(reply?.answer.map(({ owner, type, ttl }) => [owner, type, ttl])).toEqual([
        ['v4.ORG.', 28, 60],
      ]);
    }
    const name = 'coredns_dns64_requests_translated_total server=dns://:53';
    expect(under.counts.get(name)).toBe(2);
    expect((await under.ask('v4.org AAAA'))?.answer).toEqual([]);
  });

  it('that validates itself is left alone', async () => {
    under = serverBlock(`dns64 {\nallow_ipv4\n}\nforward . ${upstream.address}`);
    const lines = await under.lines('v4.org AAAA', { edns: { dnssecOk: true } });
    expect(lines).toHaveLength(2);
    const own = { edns: { dnssecOk: true }, checkingDisabled: true };
    expect((await under.ask('v4.org AAAA', own))?.answer).toEqual([]);
  });
});

it('the directive faults what it cannot take', () => {
  const mend = '(write IPV6/BITS with BITS one of 32, 40, 48, 56, 64, 96)';
  expect(
    faultsOf(
      'dns64 {\n prefix 64::/65\n prefix 10.0.0.0/32\n prefix 64::\n prefix 64:0:0:0:ff00::/96\n translate\n}',
    ),
  ).toEqual([
    `3: dns64: a prefix has no 65 bits ${mend}`,
    `4: dns64: "10.0.0.0/32" is no IPv6 prefix ${mend}`,
    `5: dns64: "64::" is no IPv6 prefix ${mend}`,
    `6: dns64: bits 64 to 71 of "64:0:0:0:ff00::/96" are not 0 ${mend}`,
    '7: dns64 has no option "translate" (known: prefix, translate_all, allow_ipv4)',
  ]);
  expect(faultsOf('dns64 64::/99')).toEqual([`2: dns64: a prefix has no 99 bits ${mend}`]);
});
