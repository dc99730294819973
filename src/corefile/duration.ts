/** Durations as the Corefile writes them: Go's form, `1m30s`, `500ms`, `1.5h` (Go time.ParseDuration). */
import { SvcdnsError } from '../errors.js';
import type { Directive } from './plan.js';

/** Nanoseconds of each unit; both spellings of micro are Go's. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go keeps a duration in a signed 64-bit count of nanoseconds. */
const MAX_NANOSECONDS = 2n ** 63n - 1n;
const WHOLE = /^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/u;
const PART = /(\d*)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gu;

/**
 * Milliseconds (with a fraction below one) of a Go duration; undefined when the text is none, when it
 * is negative (no option of a Corefile has a use for that) or beyond 292 years.
 */
export function durationMs(text: string): number | undefined {
  if (/^\+?0$/.test(text)) return 0;
  if (text.length > 64 || !WHOLE.test(text)) return undefined;
  let nanoseconds = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(PART)) {
    const scale = UNITS[unit] ?? 0n;
    nanoseconds += BigInt(whole === '' ? '0' : whole) * scale;
    if (fraction !== '') nanoseconds += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  return nanoseconds > MAX_NANOSECONDS ? undefined : Number(nanoseconds) / 1e6;
}

/**
 * The same for an argument of a directive.
 * @throws SvcdnsError COREFILE_DIRECTIVE when the text is no duration.
 */
export function durationArgument(directive: Directive, text: string): number {
  const value = durationMs(text);
  if (value !== undefined) return value;
  const message = /^\d+$/.test(text)
    ? `${directive.name}: duration "${text}" has no unit`
    : `${directive.name}: "${text}" is no duration`;
  const mend = /^\d+$/.test(text)
    ? `write ${text}s for seconds`
    : 'write it like 5s, 1m30s or 500ms';
  throw new SvcdnsError('COREFILE_DIRECTIVE', message, { where: directive.place, mend });
}
