import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('explains every error code on its page, and no other', () => {
  const declaration = /export type ErrorCode =([^;]+);/.exec(read('src/errors.ts'))?.[1] ?? '';
  const codes = [...declaration.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]);
  const rows = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` *\| (.+?) *\| (.+?) *\|$/gm)];
  expect(codes.length).toBeGreaterThan(10);
  expect(rows.map((row) => row[1])).toEqual(codes);
  for (const [, code, cause, mend] of rows) {
    expect([code, cause?.length, mend?.length].every(Boolean)).toBe(true);
  }
});
