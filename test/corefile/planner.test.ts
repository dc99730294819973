import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planText } from '../../src/corefile/loader.js';
import type { Plan } from '../../src/corefile/plan.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';
import { CertificatePair } from '../plugins/certificate-pair.js';

const options = { env: {}, registry: PLUGIN_REGISTRY, cwd: '/etc/coredns' };

function planOf(text: string, defaultPort = 53): Plan {
  const { plan, faults } = planText(text, 'Corefile', { ...options, defaultPort });
  expect(faults?.map((fault) => fault.line)).toBeUndefined();
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

function faultsOf(text: string): string[] {
  const { faults } = planText(text, 'Corefile', options);
  return (faults ?? []).map((fault) => `${fault.code} ${fault.line}`);
}

/** `scheme://zone:port` of every address of the first block. */
function addresses(text: string, defaultPort?: number): string[] {
  const [block] = planOf(text, defaultPort).blocks;
  return (block?.addresses ?? []).map(({ scheme, zone, port }) => `${scheme}://${zone}:${port}`);
}

let pair: CertificatePair;
beforeAll(async () => {
  pair = await CertificatePair.make();
});
afterAll(() => pair.close());

describe('keys', () => {
  it('takes names, ports and the root in canonical form', () => {
    expect(addresses('Cluster.LOCAL .:5300 :5301 example.org.:54 {\n}')).toEqual([
      'dns://cluster.local.:53',
      'dns://.:5300',
      'dns://.:5301',
      'dns://example.org.:54',
    ]);
  });

  it('takes schemes with their default ports', () => {
    const text = `dns://a tls://b https://c tls://d:8853 {\n ${pair.directive}\n}`;
    expect(addresses(text, 1053)).toEqual([
      'dns://a.:1053',
      'tls://b.:853',
      'https://c.:443',
      'tls://d.:8853',
    ]);
  });

  it('turns a CIDR into its reverse zone', () => {
    expect(addresses('10.0.0.0/8 10.1.2.0/24:54 2001:db8::/32 fd00::/8 0.0.0.0/0 {\n}')).toEqual([
      'dns://10.in-addr.arpa.:53',
      'dns://2.1.10.in-addr.arpa.:54',
      'dns://8.b.d.0.1.0.0.2.ip6.arpa.:53',
      'dns://d.f.ip6.arpa.:53',
      'dns://in-addr.arpa.:53',
    ]);
  });

  it('turns a CIDR between two labels into all zones that make it up', () => {
    expect(addresses('10.129.61.9/22 2001:db8::/31 {\n}')).toEqual([
      'dns://60.129.10.in-addr.arpa.:53',
      'dns://61.129.10.in-addr.arpa.:53',
      'dns://62.129.10.in-addr.arpa.:53',
      'dns://63.129.10.in-addr.arpa.:53',
      'dns://8.b.d.0.1.0.0.2.ip6.arpa.:53',
      'dns://9.b.d.0.1.0.0.2.ip6.arpa.:53',
    ]);
    expect(addresses('192.0.2.128/25 {\n}')).toHaveLength(128);
  });

  it('takes the name of a classless delegation, which has a slash (RFC 2317)', () => {
    expect(addresses('0/25.2.0.192.in-addr.arpa {\n}')).toEqual([
      'dns://0/25.2.0.192.in-addr.arpa.:53',
    ]);
  });

  const faulty: readonly (readonly [string, string])[] = [
    [
      'quic://.',
      'key "quic://.": svcdns does not serve quic:// (write one of dns://, tls://, https://)',
    ],
    ['htps://.', 'key "htps://." has an unknown scheme (did you mean https://?)'],
    ['unix://x', 'key "unix://x" has an unknown scheme (known: dns, tls, https)'],
    ['.:', 'key ".:" ends in a colon (write the port behind it, or remove it)'],
    ['.:70000', 'key ".:70000" has no such port (write a port from 0 to 65535)'],
    [
      'fd00::1',
      'key "fd00::1" is an address, not a zone (write fd00::1/128 for its reverse zone, and bind fd00::1 to listen on it)',
    ],
    ['10.0.0.0/33', 'key "10.0.0.0/33" has no such mask (write ADDRESS/MASK, as 10.0.0.0/8)'],
    ['a..b', 'key "a..b" is no zone: name "a..b" has an empty label (write a domain name)'],
    ['"a b"', 'key "a b" is no zone (write a domain name without blanks)'],
    ['a:b', 'key "a:b" is no zone (write a domain name, or ADDRESS/MASK)'],
    [
      `${'a'.repeat(64)}`,
      `key "${'a'.repeat(64)}" is no zone: name "${'a'.repeat(64)}" has a label of more than 63 octets (write a domain name)`,
    ],
  ];
  for (const [key, message] of faulty) {
    it(`faults ${key.slice(0, 12)}`, () => {
      expect(faultsOf(`${key} {\n}`)).toEqual([`COREFILE_SYNTAX Corefile:1: ${message}`]);
    });
  }
});

describe('zones served twice', () => {
  const twice = 'is already served by the block at Corefile';
  const mend = '(remove one of them, or give each block a bind address of its own)';

  it('faults the same zone and port in two blocks and in one', () => {
    expect(faultsOf('a {\n}\nb A {\n}\nc c:53 {\n}')).toEqual([
      `COREFILE_SYNTAX Corefile:3: dns://a.:53 ${twice}:1 ${mend}`,
      `COREFILE_SYNTAX Corefile:5: dns://c.:53 ${twice}:5 ${mend}`,
    ]);
  });

  it('takes the same zone on another port, scheme or bind address', () => {
    expect(planOf('a a:54 {\n bind 127.0.0.1\n}\na {\n bind 127.0.0.2 lo\n}').blocks).toHaveLength(
      2,
    );
    expect(planOf(`tls://a {\n ${pair.directive}\n}\na {\n}`).blocks).toHaveLength(2);
  });

  it('faults a shared bind address, and a block on all addresses beside a bound one', () => {
    expect(faultsOf('a {\n bind 127.0.0.1\n}\na {\n bind ::1 127.0.0.1\n}')).toEqual([
      `COREFILE_SYNTAX Corefile:4: dns://a.:53 ${twice}:1 ${mend}`,
    ]);
    expect(faultsOf('a {\n bind 127.0.0.1\n}\na {\n}')).toHaveLength(1);
    expect(faultsOf('a {\n}\na {\n bind 127.0.0.1\n}')).toHaveLength(1);
  });
});

describe('directives', () => {
  it('puts them in execution order and gathers those that may repeat', () => {
    const plan = planOf('. {\n loop\n log a\n errors\n log b\n bind 127.0.0.1\n reload\n}');
    expect(plan.blocks[0]?.directives.map(({ name, place }) => `${name}:${place.line}`)).toEqual([
      'reload:7',
      'bind:6',
      'errors:4',
      'log:3',
      'loop:2',
    ]);
  });

  it('faults one that stands twice', () => {
    expect(faultsOf('. {\n errors\n errors\n}')).toEqual([
      'COREFILE_DIRECTIVE Corefile:3: errors stands twice in this block, first at Corefile:2 (keep one of them)',
    ]);
  });

  it('says of a directive of CoreDNS that svcdns has not what to do instead', () => {
    expect(faultsOf('. {\n route53 example.org.:Z1\n}')).toEqual([
      "COREFILE_DIRECTIVE Corefile:2: svcdns does not have CoreDNS's directive route53 (forward the zone to Route 53 resolver endpoints)",
    ]);
  });

  it('guesses a mistyped directive and lists what is known', () => {
    const [fault] = faultsOf('. {\n kubernets cluster.local\n}');
    expect(fault).toMatch(
      /^COREFILE_DIRECTIVE Corefile:2: there is no directive "kubernets" \(did you mean kubernetes\? known: .*errors, log.*\)$/,
    );
  });

  it('names every fault of a file once, in the order of its lines', () => {
    const text =
      '(s) {\n healthy\n}\n.:x {\n import s\n ready 1 2\n}\nquic://b {\n import s\n kubernetes in-addr.arpa {\n  ttl -1\n  pod x\n }\n}\n}';
    expect(
      faultsOf(text).map((fault) => /^(\S+) Corefile:(\d+)/.exec(fault)?.slice(1).join(' ')),
    ).toEqual([
      'COREFILE_DIRECTIVE 2',
      'COREFILE_SYNTAX 4',
      'COREFILE_DIRECTIVE 6',
      'COREFILE_SYNTAX 8',
      'COREFILE_DIRECTIVE 10',
      'COREFILE_DIRECTIVE 11',
      'COREFILE_DIRECTIVE 12',
      'COREFILE_SYNTAX 15',
    ]);
  });

  it('faults a file without a server block', () => {
    expect(faultsOf('# nothing\n')).toEqual([
      'COREFILE_SYNTAX Corefile:1: there is no server block (write one, as .:53 { ... })',
    ]);
  });
});

describe('the hash', () => {
  it('is a SHA-512 that comments and layout do not change, and any word does', () => {
    const { hash } = planOf('. {\n errors\n log a\n}');
    expect(hash).toMatch(/^[0-9a-f]{128}$/);
    expect(planOf('# x\n.\n{\n  errors # y\n\n  log "a"\n}\n').hash).toBe(hash);
    expect(planOf('. {\n errors\n log b\n}').hash).not.toBe(hash);
    expect(planOf('. {\n errors\n log {\n  class all\n }\n}').hash).not.toBe(hash);
  });
});

it('makes plans that a data thread can be given', () => {
  const plan = planOf(
    '. {\n errors {\n  consolidate 5s ^x\n }\n log\n health\n prometheus\n kubernetes c.local\n}',
  );
  expect(structuredClone(plan)).toEqual(plan);
});
