import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameToWire } from '../../src/dns/name.js';
import { rdataFromText, rdataToText } from '../../src/dns/rdata-text.js';
import { RRTYPE, rrtypeName } from '../../src/dns/rrtype.js';
import { SvcdnsError } from '../../src/errors.js';

/** Text that comes back exactly as it was read, by type. */
const CANONICAL: readonly (readonly [keyof typeof RRTYPE | 'TYPE62347', string])[] = [
  ['A', '192.0.2.1'],
  ['AAAA', '2001:db8::1'],
  ['AAAA', '::ffff:192.0.2.1'],
  ['NS', 'ns.dns.cluster.local.'],
  ['CNAME', 'Www.Example.ORG.'],
  ['PTR', 'a\\.b.example.org.'],
  ['DNAME', '.'],
  ['MX', '10 mail.example.org.'],
  ['TXT', '"1.1.0"'],
  ['TXT', '"" "a b" "say \\"hi\\" \\\\ \\000\\255 ;()"'],
  ['SPF', '"v=spf1 -all"'],
  ['SOA', 'ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5'],
  ['SRV', '0 50 80 web.default.svc.cluster.local.'],
  ['CAA', '128 issue "ca.example.org; policy=ev"'],
  ['CAA', '0 iodef ""'],
  ['HINFO', '"RFC8482" ""'],
  ['NAPTR', '100 50 "s" "z3950+I2L+N2C" "" _z3950._tcp.gatech.edu.'],
  ['NAPTR', '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.org!" .'],
  ['DS', '60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118'],
  ['DNSKEY', '256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8no'],
  ['TLSA', '3 1 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971'],
  ['RRSIG', 'A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0'],
  ['NSEC', 'host.example.com. A MX RRSIG NSEC TYPE1234'],
  ['NSEC3', '1 1 12 AABBCCDD 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S A RRSIG'],
  ['NSEC3', '1 0 0 - 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S'],
  ['SVCB', '0 foo.example.com.'],
  [
    'HTTPS',
    '1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1,192.0.2.2 ech=AEn+ ipv6hint=2001:db8::1',
  ],
  ['SVCB', '1 . mandatory=alpn,port alpn="h2" no-default-alpn port=53 dohpath="/dns-query{?dns}"'],
  ['SVCB', '1 . key667="hello\\210qoo" key668'],
  ['SVCB', '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"'],
  ['TYPE62347', '\\# 5 AABBCCDDEE'],
  ['TYPE62347', '\\# 0'],
];

const codeOf = (type: string): number =>
  type === 'TYPE62347' ? 62_347 : RRTYPE[type as keyof typeof RRTYPE];

describe('rdata text', () => {
  it.each(CANONICAL)('of %s %s comes back as it was read', (type, text) => {
    const rdata = rdataFromText(codeOf(type), text);
    expect(rdataToText(codeOf(type), rdata)).toBe(text);
  });

  it.each(CANONICAL)('of %s %s survives the generic form', (type, text) => {
    const rdata = rdataFromText(codeOf(type), text);
    const generic = `\\# ${rdata.length} ${Buffer.from(rdata).toString('hex')}`;
    expect(rdataFromText(codeOf(type), generic)).toEqual(rdata);
  });

  it('reads other spellings of the same', () => {
    const same = (type: number, spelling: string, canonical: string): void => {
      expect(rdataToText(type, rdataFromText(type, spelling))).toBe(canonical);
    };
    same(RRTYPE.TXT, 'one two\\032x "t\\104ree"', '"one" "two x" "three"');
    same(RRTYPE.TXT, '"gr\u00fcn" ; a comment', '"gr\\195\\188n"');
    same(RRTYPE.SOA, 'a. b. ( 1 1h 30m 1w2d 5s ) ; serial and times', 'a. b. 1 3600 1800 777600 5');
    same(RRTYPE.DS, '1 8 2 (2bb183af 5F225881)', '1 8 2 2BB183AF5F225881');
    same(RRTYPE.HTTPS, '1 . port=1 alpn=h2', '1 . alpn="h2" port=1');
    same(RRTYPE.SVCB, '1 . key3="\\000\\053"', '1 . port=53');
    same(
      RRTYPE.RRSIG,
      'TYPE1 5 1 1h 0 1048354263 1 . AA==',
      'A 5 1 3600 19700101000000 20030322173103 1 . AA==',
    );
    same(RRTYPE.A, '\\# 4 C0000201', '192.0.2.1');
  });

  it('completes relative names where an origin is given, and refuses them otherwise', () => {
    expect(rdataToText(RRTYPE.MX, rdataFromText(RRTYPE.MX, '1 mail', 'example.org.'))).toBe(
      '1 mail.example.org.',
    );
    expect(rdataFromText(RRTYPE.NS, '@', 'example.org.')).toEqual(nameToWire('example.org.'));
    expect(rdataFromText(RRTYPE.NS, 'a', '.')).toEqual(nameToWire('a.'));
    expect(() => rdataFromText(RRTYPE.NS, 'ns')).toThrow(/does not end in a dot/);
    expect(() => rdataFromText(RRTYPE.NS, 'ns\\.')).toThrow(/does not end in a dot/);
  });

  it.each([
    ['A', ''],
    ['A', '1.2.3'],
    ['A', '1.2.3.4 5'],
    ['A', '\\# 3 010203'],
    ['A', '\\# 4 0102'],
    ['A', '"\\# 4 01020304"'],
    ['AAAA', '192.0.2.1'],
    ['MX', '65536 a.'],
    ['MX', '-1 a.'],
    ['MX', 'a.'],
    ['SRV', '0 0 80'],
    ['TXT', ''],
    ['TXT', '"open'],
    ['TXT', `"${'x'.repeat(256)}"`],
    ['TXT', '\\25'],
    ['TXT', '\\256'],
    ['TXT', 'a\\'],
    ['CAA', '0 is-sue "x"'],
    ['CAA', '256 issue "x"'],
    ['SOA', 'a. b. 4294967296 1 1 1 1'],
    ['SOA', 'a. b. 1 1x 1 1 1'],
    ['SOA', '( a. b. 1 1 1 1 1'],
    ['SOA', 'a. b. 1 1 1 1 1 )'],
    ['DS', '1 8 2 ABC'],
    ['DNSKEY', '256 3 5 !!!!'],
    ['DNSKEY', '256 3 5 AAA'],
    ['NSEC', 'a. NOTYPE'],
    ['RRSIG', 'A 5 1 1 20031322173103 0 1 . AA=='],
    ['SVCB', '1 . port=65536'],
    ['SVCB', '1 . port=1 port=2'],
    ['SVCB', '1 . alpn='],
    ['SVCB', '1 . alpn=h2,,h3'],
    ['SVCB', '1 . no-default-alpn'],
    ['SVCB', '1 . alpn=h2 no-default-alpn=1'],
    ['SVCB', '1 . mandatory=port alpn=h2'],
    ['SVCB', '1 . mandatory=mandatory'],
    ['SVCB', '1 . mandatory=port,port port=1'],
    ['SVCB', '1 . ipv4hint=2001:db8::1'],
    ['SVCB', '1 . key65535=x'],
    ['SVCB', '1 . nonsense=x'],
    ['SVCB', '1'],
    ['TYPE62347', 'abc'],
    ['TYPE62347', '\\# 1 A'],
  ])('of %s refuses %j as a fault of the operator', (type, text) => {
    expect(() => rdataFromText(codeOf(type), text)).toThrow(SvcdnsError);
  });

  it('reads back what it writes for every type and any octets', () => {
    const types = [...Object.values(RRTYPE), 62_347];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 48 }), (type, rdata) => {
        const text = rdataToText(type, rdata);
        const isMalformed = text.startsWith('\\#') && rrtypeName(type) !== `TYPE${type}`;
        if (isMalformed) return;
        expect(rdataFromText(type, text)).toEqual(rdata);
      }),
      { numRuns: 5000 },
    );
  });

  it('reads back any strings of a TXT record', () => {
    const strings = fc.array(fc.uint8Array({ maxLength: 255 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(strings, (all) => {
        const rdata = Uint8Array.from(all.flatMap((one) => [one.length, ...one]));
        const text = rdataToText(RRTYPE.TXT, rdata);
        expect(text).toMatch(/^[\x20-\x7e]+$/);
        expect(rdataFromText(RRTYPE.TXT, text)).toEqual(rdata);
      }),
    );
  });

  it('never throws anything but a fault of the operator on random text', () => {
    const words = fc.constantFrom(
      ...['1', '.', 'a.', '"x"', '\\#', '4', 'C0000201', '(', ')', 'alpn=h2', 'mandatory=port'],
      ...['\\', '"', ';', 'A', 'AA==', '20030322173103', '-', '65536', '\\300'],
    );
    const types = fc.constantFrom(...Object.values(RRTYPE), 62_347);
    fc.assert(
      fc.property(types, fc.array(words, { maxLength: 8 }), (type, parts) => {
        try {
          rdataFromText(type, parts.join(' '));
        } catch (error) {
          expect(error).toBeInstanceOf(SvcdnsError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('octets that do not fit their type', () => {
  it('are shown in the generic form', () => {
    expect(rdataToText(RRTYPE.A, Uint8Array.of(1, 2, 3))).toBe('\\# 3 010203');
    // a pointer means nothing outside of its message
    expect(rdataToText(RRTYPE.NS, Uint8Array.of(0xc0, 0))).toBe('\\# 2 C000');
  });
});
