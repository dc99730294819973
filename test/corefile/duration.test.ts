import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationArgument, durationMs } from '../../src/corefile/duration.js';
import type { Directive } from '../../src/corefile/plan.js';

describe('durations', () => {
  it('has the milliseconds of every form that Go takes', () => {
    const cases: Record<string, number> = {
      '0': 0,
      '5s': 5_000,
      '1m30s': 90_000,
      '500ms': 500,
      '1h': 3_600_000,
      '1.5h': 5_400_000,
      '.5s': 500,
      '1.s': 1_000,
      '+2m': 120_000,
      '100us': 0.1,
      '100µs': 0.1,
      '100μs': 0.1,
      '1500000ns': 1.5,
      '1h2m3s4ms': 3_723_004,
      '0.1s': 100,
      '2562047h': 9_223_369_200_000,
    };
    for (const [text, value] of Object.entries(cases))
      expect([text, durationMs(text)]).toEqual([text, value]);
  });

  it('takes nothing else', () => {
    for (const text of [
      '',
      '5',
      '-5s',
      's',
      '.s',
      '5 s',
      '1d',
      '1s2',
      '1,5s',
      '5S',
      '1e3s',
      '2562048h',
      '9'.repeat(70),
    ]) {
      expect([text, durationMs(text)]).toEqual([text, undefined]);
    }
  });

  it('sums its parts', () => {
    const part = fc.integer({ min: 0, max: 9_999 });
    fc.assert(
      fc.property(part, part, part, (h, s, ms) => {
        expect(durationMs(`${h}h${s}s${ms}ms`)).toBe(h * 3_600_000 + s * 1_000 + ms);
      }),
    );
  });

  it('says where a bad one stands and how to write it', () => {
    const line: Directive = {
      name: 'expire',
      args: [],
      place: { file: 'Corefile', line: 7 },
      body: [],
      hasBody: false,
    };
    expect(() => durationArgument(line, '10')).toThrow(
      expect.objectContaining({
        line: 'Corefile:7: expire: duration "10" has no unit (write 10s for seconds)',
      }),
    );
    expect(() => durationArgument(line, 'soon')).toThrow(
      expect.objectContaining({
        line: 'Corefile:7: expire: "soon" is no duration (write it like 5s, 1m30s or 500ms)',
      }),
    );
  });
});
