import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameFromWire } from '../../src/dns/name.js';
import { rdataFromText } from '../../src/dns/rdata-text.js';
import { recordFromText, recordToText } from '../../src/dns/record-text.js';
import { RRCLASS } from '../../src/dns/rrclass.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { SvcdnsError } from '../../src/errors.js';

const LINE = 'web.default.svc.cluster.local. 5 IN A 10.0.0.20';

describe('record text', () => {
  it('is one line of owner, ttl, class, type and rdata', () => {
    const record = recordFromText(LINE);
    expect(record).toEqual({
      owner: 'web.default.svc.cluster.local.',
      ttl: 5,
      class: RRCLASS.IN,
      type: RRTYPE.A,
      rdata: Uint8Array.of(10, 0, 0, 20),
    });
    expect(recordToText(record)).toBe(LINE);
  });

  it.each([
    ['web.default.svc.cluster.local. IN 5 A 10.0.0.20', {}],
    ['web.default.svc.cluster.local. 5s a 10.0.0.20', {}],
    ['web.default.svc.cluster.local.\t5\tCLASS1\tTYPE1\t\\# 4 0A000014 ; as octets', {}],
    ['web.default.svc.cluster.local. A 10.0.0.20', { defaultTtl: 5 }],
    ['web.default 5 A 10.0.0.20', { origin: 'svc.cluster.local.' }],
    ['@ 5 A 10.0.0.20', { origin: 'web.default.svc.cluster.local.' }],
    ['\\w\\101b.default.svc.cluster.local. 5 A 10.0.0.20', {}],
  ])('reads %s the same', (line, options) => {
    expect(recordToText(recordFromText(line, options))).toBe(LINE);
  });

  it('keeps the letter case of the owner', () => {
    expect(recordFromText('WeB.Example.org. 5 IN A 192.0.2.1').owner).toBe('WeB.Example.org.');
  });

  it.each([
    '',
    '; only a comment',
    'web. 5 IN',
    'web 5 IN A 192.0.2.1',
    'web. IN A 192.0.2.1',
    'web. 5 IN "A" 192.0.2.1',
    'web. 5 IN NOTYPE 192.0.2.1',
    'web. 5 5 A 192.0.2.1',
    'web. 2147483648 IN A 192.0.2.1',
    'web. 5 IN A',
    'we..b. 5 IN A 192.0.2.1',
    '@ 5 IN A 192.0.2.1',
  ])('refuses %j', (line) => {
    expect(() => recordFromText(line)).toThrow(SvcdnsError);
  });

  it('comes back unchanged whatever octets owner and target hold', () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
    const name = fc
      .array(label, { maxLength: 5 })
      .map((labels) => Uint8Array.from([...labels.flatMap((one) => [one.length, ...one]), 0]));
    fc.assert(
      fc.property(name, name, fc.nat(0x7fff_ffff), (owner, target, ttl) => {
        const record = {
          owner: nameFromWire(owner, 0)?.name ?? '',
          ttl,
          class: RRCLASS.IN,
          type: RRTYPE.CNAME,
          rdata: target,
        };
        expect(recordFromText(recordToText(record))).toEqual(record);
      }),
    );
  });

  it('escapes in names what would break the line', () => {
    const target = 'a\\"b\\;c\\(d\\)\\@\\$\\\\.example.org.';
    const record = recordFromText(`x. 1 CNAME ${target}`);
    expect(recordToText(record)).toBe(`x. 1 IN CNAME ${target}`);
    expect(record.rdata).toEqual(rdataFromText(RRTYPE.CNAME, target));
  });
});
