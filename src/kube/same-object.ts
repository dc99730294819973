/** Whether two cut objects say the same, apart from their version. */
import type { KubeObject } from './objects.js';

/** Compares by content; resourceVersion is left out, because the API raises it for changes that DNS can't show. */
export function sameObject(a: KubeObject, b: KubeObject): boolean {
  return sameRecord(a, b, 'resourceVersion');
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((value, i) => sameValue(value, b[i]))
    );
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return !Array.isArray(b) && sameRecord(a, b, '');
}

function sameRecord(a: object, b: object, without: string): boolean {
  const left = Object.entries(a);
  if (left.length !== Object.keys(b).length) return false;
  const right = new Map<string, unknown>(Object.entries(b));
  return left.every(
    ([key, value]) => key === without || (right.has(key) && sameValue(value, right.get(key))),
  );
}
