/** Files that match a pattern with `*`, `?` and `[...]`, as Go's filepath.Glob finds them. */
import { readdirSync, statSync } from 'node:fs';
import { join, parse, sep } from 'node:path';

/** Folders that are looked into for one pattern at most. */
const MAX_FOLDERS = 10_000;

/**
 * The files (no folders, which CoreDNS refuses to import) that match, sorted, dot files included.
 * What cannot be read matches nothing. A wildcard does not cross a `/`.
 */
export function globFiles(pattern: string): readonly string[] {
  const { root } = parse(pattern);
  const steps = pattern
    .slice(root.length)
    .split(sep)
    .filter((step) => step !== '');
  let paths = [root];
  for (const step of steps) {
    paths = /[*?[]/.test(step)
      ? paths.slice(0, MAX_FOLDERS).flatMap((path) => matchesIn(path, step))
      : paths.map((path) => join(path, step));
  }
  return paths.filter(isFile).sort();
}

function matchesIn(folder: string, step: string): readonly string[] {
  const expression = stepExpression(step);
  try {
    return readdirSync(folder === '' ? '.' : folder)
      .filter((name) => expression.test(name))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** `[^...]` is a negated class in Go and here alike. An unclosed `[` is an ordinary character. */
function stepExpression(step: string): RegExp {
  const source = step.replace(
    /\[(\^?)([^\]]+)\]|[\s\S]/g,
    (part, negation?: string, members?: string) => {
      if (members !== undefined) return `[${negation ?? ''}${members.replace(/[\\[&]/g, '\\$&')}]`;
      if (part === '*') return '.*';
      return part === '?' ? '.' : part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    },
  );
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return /^(?!)/;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
