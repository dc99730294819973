/** Where the repository and the cache of built programs lie, also when this runs as compiled JavaScript. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json; found upwards because bench/ runs this compiled, from .cache/. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package-lock.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package-lock.json above ${import.meta.url}`);
    folder = parent;
  }
  return folder;
}

/** `$SVCDNS_CACHE`, else `~/.cache/svcdns`: outside the tree, so that a fresh clone finds it again. */
export function cacheRoot(): string {
  const given = process.env['SVCDNS_CACHE'];
  return given === undefined || given === '' ? join(homedir(), '.cache', 'svcdns') : given;
}
