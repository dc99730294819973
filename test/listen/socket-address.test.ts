/** Socket addresses to and from text, against Node's own idea of an address. */
import { isIP, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressText,
  IPV4_LENGTH,
  IPV6_LENGTH,
  isAnswerable,
  portOf,
  writeSocketAddress,
} from '../../src/listen/socket-address.js';

const write = (text: string, port = 53): { length: number; bytes: Uint8Array } => {
  const bytes = new Uint8Array(40).fill(0xee);
  return { length: writeSocketAddress(text, port, bytes, 4), bytes };
};

describe('writeSocketAddress', () => {
  it('writes what the kernel takes', () => {
    expect(Buffer.from(write('192.0.2.1', 0x1234).bytes).toString('hex', 4, 20)).toBe(
      '02001234c00002010000000000000000',
    );
    expect(Buffer.from(write('2001:db8::1%7', 53).bytes).toString('hex', 4, 32)).toBe(
      '0a0000350000000020010db800000000000000000000000107000000',
    );
  });

  it('takes every address that Node takes, and nothing else', () => {
    const pieces = fc.constantFrom(
      ':',
      '::',
      '.',
      '0',
      '1',
      '255',
      '256',
      'ffff',
      'g',
      '00',
      '1.2.3.4',
    );
    const texts = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.array(pieces, { maxLength: 18 }).map((parts) => parts.join('')),
      fc.ipV6().map((text) => `${text}:`),
      fc.ipV4().map((text) => `::ffff:${text}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { length } = write(text);
        expect(length).toBe([0, 0, 0, 0, IPV4_LENGTH, 0, IPV6_LENGTH][isIP(text)]);
      }),
      { numRuns: 5000 },
    );
  });

  it('gives the address back as text in its canonical form', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(65_535), (text, port) => {
        const { bytes } = write(text, port);
        // the URL standard writes addresses as RFC 5952 does
        const canonical = isIPv4(text) ? text : new URL(`http://[${text}]/`).hostname.slice(1, -1);
        fc.pre(!canonical.startsWith('::ffff:'));
        expect(addressText(bytes, 4)).toBe(canonical);
        expect(portOf(bytes, 4)).toBe(port);
      }),
    );
  });

  it('gives an IPv4-mapped address as IPv4', () => {
    expect(addressText(write('::ffff:192.0.2.1').bytes, 4)).toBe('192.0.2.1');
    expect(addressText(write('::FFFF:c000:201').bytes, 4)).toBe('192.0.2.1');
    expect(addressText(write('::192.0.2.1').bytes, 4)).toBe('::c000:201');
  });

  it('refuses a scope that no interface has', () => {
    expect(write('fe80::1%nonesuch').length).toBe(0);
    expect(write('fe80::1%4294967296').length).toBe(0);
  });

  it('writes nothing where there is no room', () => {
    const bytes = new Uint8Array(IPV6_LENGTH);
    expect(writeSocketAddress('192.0.2.1', 53, bytes, 1)).toBe(0);
    expect(bytes.every((octet) => octet === 0)).toBe(true);
  });
});

describe('isAnswerable', () => {
  it.each([
    ['192.0.2.1', 53, IPV4_LENGTH, true],
    ['192.0.2.1', 0, IPV4_LENGTH, false],
    ['192.0.2.1', 256, IPV4_LENGTH, true],
    ['192.0.2.1', 53, IPV6_LENGTH, false],
    ['2001:db8::1', 53, IPV6_LENGTH, true],
    ['2001:db8::1', 0, IPV6_LENGTH, false],
    ['2001:db8::1', 53, 2, false],
    ['2001:db8::1', 53, 0, false],
  ])('says of %s port %i in %i octets: %s', (text, port, length, answerable) => {
    expect(isAnswerable(write(text, port).bytes, 4, length)).toBe(answerable);
  });
});
