import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planText } from '../../../src/corefile/loader.js';
import { forwardPlugin } from '../../../src/plugins/forward/directive.js';
import type { ForwardStanza } from '../../../src/plugins/forward/options.js';
import { optionsOf } from '../../../src/plugins/options-of.js';

const registry = new Map([[forwardPlugin.name, forwardPlugin]]);
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'svcdns-forward-'));
  writeFileSync(
    join(directory, 'resolv.conf'),
    'search a.example\n# a comment\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\nnameserver none\noptions ndots:5\n',
  );
  writeFileSync(join(directory, 'empty.conf'), 'search a.example\n');
  writeFileSync(join(directory, 'ca.pem'), 'a certificate\n');
});

afterAll(() => rmSync(directory, { recursive: true }));

function read(directives: string): readonly ForwardStanza[] | string {
  const load = { env: {}, registry, cwd: directory };
  const { plan, faults } = planText(`. {\n${directives}\n}\n`, 'Corefile', load);
  const block = plan?.blocks[0];
  const options = block === undefined ? undefined : optionsOf(block, forwardPlugin);
  return options?.stanzas ?? (faults ?? []).map((fault) => fault.line).join('\n');
}

function upstreams(to: string): readonly object[] | string {
  const stanzas = read(`forward . ${to}`);
  return typeof stanzas === 'string' ? stanzas : (stanzas[0]?.upstreams ?? []);
}

describe('the forward directive', () => {
  it('has CoreDNS’s defaults', () => {
    expect(read('forward . 192.0.2.1 192.0.2.2 192.0.2.3')).toMatchObject([
      {
        from: ['.'],
        policy: 'random',
        maxFails: 2,
        healthCheck: { intervalMs: 500, recursionDesired: true, domain: '.' },
        expireMs: 10_000,
        maxAgeMs: 0,
        readTimeoutMs: 2_000,
        maxConcurrent: 0,
        maxConnectAttempts: 6,
        forceTcp: false,
        preferUdp: false,
      },
    ]);
  });

  it('takes every option in its full form', () => {
    expect(
      read(`forward Example.org tls://192.0.2.1 {
        except a.example.org b.example.org
        force_tcp
        prefer_udp
        expire 20s
        max_age 1m
        max_idle_conns 5
        read_timeout 3s
        max_fails 0
        max_connect_attempts 7
        tls ca.pem
        tls_servername dns.example
        policy round_robin
        health_check 1s no_rec domain example.net
        max_concurrent 1000
        next NXDOMAIN servfail
        next_on_nodata
        failfast_all_unhealthy_upstreams
        failover SERVFAIL REFUSED
        source_address 192.0.2.9
      }`),
    ).toMatchObject([
      {
        from: ['example.org.'],
        except: ['a.example.org.', 'b.example.org.'],
        forceTcp: true,
        preferUdp: true,
        expireMs: 20_000,
        maxAgeMs: 60_000,
        maxIdleConnections: 5,
        readTimeoutMs: 3_000,
        maxFails: 0,
        maxConnectAttempts: 7,
        tls: { caFile: join(directory, 'ca.pem') },
        tlsServerName: 'dns.example',
        policy: 'round_robin',
        healthCheck: { intervalMs: 1_000, recursionDesired: false, domain: 'example.net.' },
        maxConcurrent: 1_000,
        next: [3, 2],
        nextOnNodata: true,
        failFastWhenAllDown: true,
        failover: [2, 5],
        sourceAddress: '192.0.2.9',
      },
    ]);
  });

  it('may stand several times, for zones and networks', () => {
    expect(
      read('forward a.example 192.0.2.1\nforward 10.96.0.0/15 192.0.2.2\nforward . 192.0.2.3'),
    ).toMatchObject([
      { from: ['a.example.'] },
      { from: ['96.10.in-addr.arpa.', '97.10.in-addr.arpa.'] },
      { from: ['.'] },
    ]);
  });

  it.each([
    ['192.0.2.1', 'dns', '192.0.2.1', 53, '192.0.2.1:53'],
    ['192.0.2.1:5353', 'dns', '192.0.2.1', 5353, '192.0.2.1:5353'],
    ['dns://192.0.2.1', 'dns', '192.0.2.1', 53, '192.0.2.1:53'],
    ['2001:db8::1', 'dns', '2001:db8::1', 53, '[2001:db8::1]:53'],
    ['[2001:db8::1]:54', 'dns', '2001:db8::1', 54, '[2001:db8::1]:54'],
    ['[fe80::1%eth0]:54', 'dns', 'fe80::1%eth0', 54, '[fe80::1%eth0]:54'],
    ['tls://192.0.2.1', 'tls', '192.0.2.1', 853, '192.0.2.1:853'],
  ])('reads the upstream %s', (to, protocol, address, port, label) => {
    expect(upstreams(to)).toEqual([{ protocol, address, port, label }]);
  });

  it.each([
    ['tls://192.0.2.1%dns.example', 853],
    ['tls://192.0.2.1%dns.example:10853', 10_853],
    ['tls://[2001:db8::1]%dns.example:10853', 10_853],
  ])('reads the name of the certificate out of %s', (to, port) => {
    expect(upstreams(to)).toMatchObject([{ protocol: 'tls', port, serverName: 'dns.example' }]);
  });

  it('takes the name servers of a resolv.conf, once each', () => {
    expect(upstreams('resolv.conf 192.0.2.53')).toMatchObject([
      { address: '192.0.2.53', port: 53 },
      { address: 'fe80::1%eth0', port: 53 },
    ]);
  });

  it('goes on with a resolv.conf that names no server, and notes it for the log', () => {
    expect(read('forward . empty.conf')).toMatchObject([
      { upstreams: [], notes: [expect.stringContaining('empty.conf names no nameserver')] },
    ]);
  });

  it.each([
    ['forward', 'Corefile:2: forward lacks its zone and upstreams'],
    ['forward .', 'Corefile:2: forward lacks its upstreams'],
    ['forward . dns.example.org', 'Corefile:2: forward: "dns.example.org" is a host name'],
    ['forward . https://192.0.2.1', 'Corefile:2: forward: upstreams by https:// are not supported'],
    ['forward . quic://192.0.2.1', 'Corefile:2: forward: upstreams by quic:// are not supported'],
    ['forward . 192.0.2.1:99999', 'Corefile:2: forward: "192.0.2.1:99999" is no address'],
    ['forward . 192.0.2.300', 'Corefile:2: forward: "192.0.2.300" is no address'],
    ['forward . /no/such/file', '/no/such/file'],
    [
      `forward . ${Array.from({ length: 16 }, (_, i) => `192.0.2.${i}`).join(' ')}`,
      'Corefile:2: forward has 16 upstreams (name at most 15)',
    ],
    ['forward . 192.0.2.1 {\npolicy best\n}', 'Corefile:3: policy has no value "best"'],
    ['forward . 192.0.2.1 {\nexpire 10\n}', 'Corefile:3: expire: duration "10" has no unit'],
    ['forward . 192.0.2.1 {\nread_timeout 0s\n}', 'Corefile:3: read_timeout has to be more than 0'],
    ['forward . 192.0.2.1 {\nmax_age 1s\n}', 'Corefile:2: forward: max_age is less than expire'],
    [
      'forward . 192.0.2.1 {\nfailover NOERROR\n}',
      'Corefile:3: failover can not be had for NOERROR',
    ],
    ['forward . 192.0.2.1 {\nnext NOTACODE\n}', 'Corefile:3: next: "NOTACODE" is no reply code'],
    [
      'forward . 192.0.2.1 {\nhealth_check 1s fast\n}',
      'Corefile:3: health_check has no option "fast"',
    ],
    ['forward . 192.0.2.1 {\ntls a b c d\n}', 'Corefile:3: tls takes at most 3 files'],
    ['forward . 192.0.2.1 {\ntls missing.pem\n}', 'missing.pem'],
    [
      'forward . tls://192.0.2.1%a.example {\ntls_servername b.example\n}',
      'tls_servername and the name in tls://...%a.example exclude each other',
    ],
    [
      'forward . 192.0.2.1 {\nresolver 192.0.2.2\n}',
      'Corefile:3: forward: resolver is for upstreams by host name',
    ],
    [
      'forward . 192.0.2.1 {\nmax_fail 3\n}',
      'Corefile:3: forward has no option "max_fail" (did you mean max_fails?',
    ],
  ])('refuses %j with the place and the mend', (directives, fault) => {
    expect(read(directives)).toContain(fault);
  });
});
