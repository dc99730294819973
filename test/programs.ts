/** Which programs of others this machine has: tests that need one are skipped without it. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether all of them are found by `PATH` (or, as Debian has servers, in /usr/sbin). */
export function hasPrograms(...names: readonly string[]): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return names.every((name) => folders.some((folder) => existsSync(join(folder, name))));
}
