import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressFromDashedLabel,
  addressFromReverseName,
  addressFromText,
  addressToText,
  canonicalAddress,
  dashedLabelOf,
  reverseNameOf,
} from '../../src/dns/address.js';

const bytesOf = (text: string): Uint8Array => {
  const bytes = addressFromText(text);
  if (bytes === undefined) throw new Error(`${text} is no address`);
  return bytes;
};

const anyIPv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
/** Groups that are often zero, so that the shortening is met in every place. */
const anyIPv6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
    minLength: 8,
    maxLength: 8,
  })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));
const anyAddress = fc.oneof(anyIPv4, anyIPv6);

describe('address text', () => {
  it.each([
    ['2001:DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::ffff:102:304', '::ffff:1.2.3.4'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['192.0.2.1', '192.0.2.1'],
  ])('writes %s as %s', (text, canonical) => {
    expect(addressToText(bytesOf(text))).toBe(canonical);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.-4',
    ' 1.2.3.4',
    '0x1.2.3.4',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    'fe80::1%eth0',
    '12345::',
    '::1.2.3.4:5',
    '1.2.3.4::',
    ':1:2:3:4:5:6:7',
    '::1.2.3.04',
  ])('refuses %j', (text) => {
    expect(addressFromText(text)).toBeUndefined();
  });

  it('takes exactly what Node takes as an address without a zone index', () => {
    const pieces = fc.constantFrom('0', '1', 'ff', '1.2.3.4', ':', '::', '.', '255', '256', 'abcd');
    const texts = fc.array(pieces, { maxLength: 16 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        expect(addressFromText(text) !== undefined).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('reads back whatever it writes', () => {
    fc.assert(
      fc.property(anyAddress, (bytes) => {
        expect(addressFromText(addressToText(bytes) ?? '')).toEqual(bytes);
      }),
    );
  });

  it('writes an IPv6 address as a URL does', () => {
    fc.assert(
      fc.property(anyIPv6, (bytes) => {
        const text = addressToText(bytes) ?? '';
        // a URL spells the IPv4-mapped tail in hex
        if (text.includes('.')) return;
        expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
    );
  });

  it('turns an IPv4-mapped address into IPv4 where clients are compared', () => {
    expect(canonicalAddress('::FFFF:192.0.2.1')).toBe('192.0.2.1');
    expect(canonicalAddress('2001:DB8:0::1')).toBe('2001:db8::1');
    expect(canonicalAddress('localhost')).toBeUndefined();
  });
});

describe('reverse names', () => {
  it('gives the names of RFC 1035 and RFC 3596', () => {
    expect(reverseNameOf(bytesOf('10.3.0.1'))).toBe('1.0.3.10.in-addr.arpa.');
    expect(reverseNameOf(bytesOf('2001:db8::567:89ab'))).toBe(
      'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.',
    );
  });

  it('finds the address again in any letter case, with or without the final dot', () => {
    fc.assert(
      fc.property(anyAddress, fc.boolean(), fc.boolean(), (bytes, upper, dot) => {
        let name = reverseNameOf(bytes);
        if (upper) name = name.toUpperCase();
        if (!dot) name = name.slice(0, -1);
        expect(addressFromReverseName(name)).toEqual(bytes);
      }),
    );
  });

  it.each([
    'in-addr.arpa.',
    '0.10.in-addr.arpa.',
    '9.1.0.3.10.in-addr.arpa.',
    '01.0.3.10.in-addr.arpa.',
    '8.b.d.0.1.0.0.2.ip6.arpa.',
    `${'10.'.repeat(32)}ip6.arpa.`,
    `${'g.'.repeat(32)}ip6.arpa.`,
    '1.0.3.10.example.org.',
  ])('finds no address in %s', (name) => {
    expect(addressFromReverseName(name)).toBeUndefined();
  });
});

describe('dashed labels', () => {
  it.each([
    ['1.2.3.4', '1-2-3-4'],
    ['2001:db8::1', '2001-db8--1'],
    ['fd00::', 'fd00--0'],
    ['::1:2', '0--1-2'],
    ['::', '0--0'],
    ['::ffff:1.2.3.4', '0--ffff-102-304'],
  ])('spells %s as %s', (address, label) => {
    expect(dashedLabelOf(bytesOf(address))).toBe(label);
    expect(addressFromDashedLabel(label)).toEqual(bytesOf(address));
  });

  it('reads the forms with a bare dash at either end as well', () => {
    expect(addressFromDashedLabel('--1-2')).toEqual(bytesOf('::1:2'));
    expect(addressFromDashedLabel('fd00--')).toEqual(bytesOf('fd00::'));
    expect(addressFromDashedLabel('2001-0DB8-0-0-0-0-0-1')).toEqual(bytesOf('2001:db8::1'));
  });

  it.each(['', '-', 'web-0', '1-2-3', '1-2-3-4-5', '1-2-3-256', '01-2-3-4', '1-2--3-x', '1.2.3.4'])(
    'finds no address in %j',
    (label) => {
      expect(addressFromDashedLabel(label)).toBeUndefined();
    },
  );

  it('gives a host label for every address and reads it back', () => {
    fc.assert(
      fc.property(anyAddress, (bytes) => {
        const label = dashedLabelOf(bytes);
        expect(label).toMatch(/^[0-9a-f](?:[0-9a-f-]*[0-9a-f])?$/);
        expect(addressFromDashedLabel(label)).toEqual(bytes);
      }),
    );
  });
});
