/** Durations of zone files: seconds, or numbers with units as `1h30m` (RFC 2308's examples, BIND's habit). */

const UNITS: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };

/** Seconds from 0 to 2^32-1; undefined for anything else. */
export function secondsFromText(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return within(Number(text));
  if (!/^(?:\d{1,10}[wdhms])+$/i.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.toLowerCase().matchAll(/(\d+)([wdhms])/g)) {
    total += Number(count) * (UNITS[unit ?? 's'] ?? 1);
  }
  return within(total);
}

function within(seconds: number): number | undefined {
  return seconds <= 0xffff_ffff ? seconds : undefined;
}
