/** docs/services.md: every claim of the Services document has its row, and the tests that it names prove it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Row {
  readonly id: string;
  readonly proof: string;
}

const ROWS: readonly Row[] = readFileSync(`${ROOT}docs/services.md`, 'utf8')
  .split('\n')
  .filter((line) => /^\| R-\d\d \|/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, id = '', , , proof = '']) => ({ id, proof }));

describe('docs/services.md', () => {
  it('has the rows R-01 to R-60, each once and in order', () => {
    const ids = Array.from({ length: 60 }, (_, i) => `R-${String(i + 1).padStart(2, '0')}`);
    expect(ROWS.map(({ id }) => id)).toEqual(ids);
  });

  it('names tests in whose titles the row stands', () => {
    for (const { id, proof } of ROWS) {
      for (const [, file = ''] of proof.matchAll(/`([^`]+)`/g)) {
        expect(readFileSync(`${ROOT}test/${file}`, 'utf8'), `${id} in ${file}`).toContain(id);
      }
    }
  });

  it('says of every row without a test why, or which row has it', () => {
    for (const { id, proof } of ROWS) {
      expect(proof, id).toMatch(/^(`|as R-\d\d|open: \S|none: \S)/);
    }
  });
});
