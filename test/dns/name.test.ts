import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalName,
  isInZone,
  isName,
  labelsOf,
  nameFromWire,
  nameToWire,
  parentName,
} from '../../src/dns/name.js';
import { SvcdnsError } from '../../src/errors.js';

const anyLabel = fc.uint8Array({ minLength: 1, maxLength: 63 });
/** Wire forms of names of up to 255 octets, any octet in any label. */
const anyWireName = fc.array(anyLabel, { maxLength: 6 }).chain((labels) => {
  const wire = Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]);
  return wire.length <= 255 ? fc.constant(wire) : fc.constant(Uint8Array.of(1, 0x61, 0));
});

describe('names', () => {
  it('come back unchanged from text, whatever octets their labels hold', () => {
    fc.assert(
      fc.property(anyWireName, (wire) => {
        const read = nameFromWire(wire, 0);
        expect(read?.end).toBe(wire.length);
        expect(nameToWire(read?.name ?? '')).toEqual(wire);
      }),
    );
  });

  it.each([
    ['a..b.', 'an empty label'],
    ['.a.', 'a label in front of the first dot'],
    [`${'a'.repeat(64)}.`, 'a label of 64 octets'],
    [`${'a.'.repeat(128)}`, 'a name of 257 octets'],
    ['a\\', 'a lone backslash'],
    ['a\\25.', 'a short escape'],
    ['a\\256.', 'an escape above 255'],
    ['\u4f8b.', 'a character outside of Latin-1'],
    ['\\\u4f8b.', 'an escaped character outside of Latin-1'],
  ])('refuses %j: %s', (text) => {
    expect(isName(text)).toBe(false);
    expect(() => nameToWire(text)).toThrow(SvcdnsError);
  });

  it('takes a name of exactly 255 octets', () => {
    const name = `${`${'a'.repeat(63)}.`.repeat(3)}${'b'.repeat(61)}.`;
    expect(nameToWire(name)).toHaveLength(255);
    expect(isName(`c.${name}`)).toBe(false);
  });

  it('cuts labels at dots that are not escaped', () => {
    expect(labelsOf('a\\.b.c\\\\.d.')).toEqual(['a\\.b', 'c\\\\', 'd']);
    expect(labelsOf('.')).toEqual([]);
    expect(parentName('a\\.b.c.')).toBe('c.');
    expect(parentName('c.')).toBe('.');
    expect(parentName('.')).toBeUndefined();
  });

  it('compares in lower case with a final dot that an escape cannot feign', () => {
    expect(canonicalName('Www.Example.ORG')).toBe('www.example.org.');
    expect(canonicalName('')).toBe('.');
    expect(canonicalName('a\\.')).toBe('a\\..');
    // only ASCII letters fold (RFC 4343 §3)
    expect(canonicalName('\u00c4.')).toBe('\u00c4.');
  });

  it('knows what lies in a zone by whole labels', () => {
    expect(isInZone('a.svc.cluster.local.', 'cluster.local.')).toBe(true);
    expect(isInZone('cluster.local.', 'cluster.local.')).toBe(true);
    expect(isInZone('mycluster.local.', 'cluster.local.')).toBe(false);
    expect(isInZone('a\\.cluster.local.', 'cluster.local.')).toBe(false);
    expect(isInZone('a\\\\.cluster.local.', 'cluster.local.')).toBe(true);
    expect(isInZone('anything.', '.')).toBe(true);
  });
});

describe('names in messages', () => {
  /** `b.` at 0, `a` with a pointer to it at 3. */
  const shared = Uint8Array.of(1, 0x62, 0, 1, 0x61, 0xc0, 0);

  it('follow a pointer backwards and end behind it', () => {
    expect(nameFromWire(shared, 3)).toEqual({ name: 'a.b.', end: 7 });
  });

  it.each([
    ['a pointer to itself', Uint8Array.of(0xc0, 0), 0],
    ['a pointer forwards', Uint8Array.of(0xc0, 2, 0), 0],
    ['a pointer into the name itself', Uint8Array.of(1, 0x61, 0xc0, 0), 0],
    ['half a pointer', Uint8Array.of(0xc0), 0],
    ['a label of a reserved kind', Uint8Array.of(0x40, 0), 0],
    ['a label that runs over the end', Uint8Array.of(3, 0x61, 0x62), 0],
    ['a name without an end', Uint8Array.of(1, 0x61), 0],
    ['a name behind the message', Uint8Array.of(0), 1],
  ])('are refused with %s', (_what, message, offset) => {
    expect(nameFromWire(message, offset)).toBeUndefined();
  });

  it('are refused when they grow beyond 255 octets through pointers', () => {
    const label = Uint8Array.from([63, ...new Array<number>(63).fill(0x61)]);
    const message = Uint8Array.from([0, ...label, 0xc0, 0]);
    const grown = [...message];
    for (let i = 0, target = 1; i < 4; i++) {
      const at = grown.length;
      grown.push(...label, 0xc0 | (target >> 8), target & 0xff);
      target = at;
    }
    expect(nameFromWire(Uint8Array.from(grown), 1)?.name).toHaveLength(64);
    expect(nameFromWire(Uint8Array.from(grown), grown.length - 66)).toBeUndefined();
  });

  it('are refused when a chain of pointers is longer than any name needs', () => {
    const chain = [0];
    for (let i = 0; i < 200; i++) {
      const target = i === 0 ? 0 : chain.length - 2;
      chain.push(0xc0 | (target >> 8), target & 0xff);
    }
    const message = Uint8Array.from(chain);
    expect(nameFromWire(message, 1 + 2 * 126)?.name).toBe('.');
    expect(nameFromWire(message, 1 + 2 * 127)).toBeUndefined();
  });

  it('never throw on random octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (message, offset) => {
        const found = nameFromWire(message, offset);
        if (found !== undefined) expect(isName(found.name)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
