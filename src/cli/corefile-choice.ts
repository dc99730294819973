/** Which Corefile a command works on: the one that was named, else ./Corefile, else the one shipped with svcdns. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CorefileChoice {
  /** As it is to be shown: relative to the working folder where it was named so. */
  readonly path: string;
  readonly origin: 'flag' | 'folder' | 'default';
}

/** @param conf the value of -conf, which is taken as it is whether or not there is such a file */
export function chooseCorefile(conf: string | undefined, cwd: string): CorefileChoice {
  if (conf !== undefined) return { path: conf, origin: 'flag' };
  if (existsSync(resolve(cwd, 'Corefile'))) return { path: 'Corefile', origin: 'folder' };
  // src/cli and dist/cli are equally deep
  const path = fileURLToPath(new URL('../../config/Corefile', import.meta.url));
  return { path, origin: 'default' };
}
