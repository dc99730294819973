import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { globFiles } from '../../src/corefile/glob.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'svcdns-glob-'));
  // as the kubelet lays out a ConfigMap
  mkdirSync(join(folder, '..2024'));
  symlinkSync('..2024', join(folder, '..data'));
  for (const name of ['b.server', 'a.server', 'c.override', 'x[1].conf']) {
    writeFileSync(join(folder, '..2024', name), '');
    symlinkSync(join('..data', name), join(folder, name));
  }
  mkdirSync(join(folder, 'd.server'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const found = (pattern: string): string[] =>
  globFiles(join(folder, pattern)).map((path) => path.slice(folder.length + 1));

describe('patterns of import', () => {
  it('finds files in order, through links, and no folders', () => {
    expect(found('*.server')).toEqual(['a.server', 'b.server']);
    expect(found('*')).toEqual(['a.server', 'b.server', 'c.override', 'x[1].conf']);
  });

  it('knows single characters, classes and folders', () => {
    expect(found('?.server')).toEqual(['a.server', 'b.server']);
    expect(found('[^a].server')).toEqual(['b.server']);
    expect(found('[a-b].*')).toEqual(['a.server', 'b.server']);
    expect(found('..20*/c.*')).toEqual(['..2024/c.override']);
  });

  it('finds nothing where nothing is', () => {
    expect(found('*.none')).toEqual([]);
    expect(found('none/*')).toEqual([]);
    expect(found('[')).toEqual([]);
    expect(found('[z-a]*')).toEqual([]);
  });
});
