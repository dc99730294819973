/** Comparison of resourceVersions: decimal numbers that grow (Kubernetes API conventions, KEP-5504). */

/** Negative, 0 or positive as `a` is older, the same or newer; undefined when they can't be compared. */
export function compareResourceVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!isDecimal(a) || !isDecimal(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

/** Whether `a` is known to be older than `b`. */
export function isOlder(a: string, b: string): boolean {
  const order = compareResourceVersions(a, b);
  return order !== undefined && order < 0;
}

function isDecimal(text: string): boolean {
  return /^[1-9]\d{0,30}$/.test(text);
}
