/** Plans a distribution's Corefile as it stands, from the folder that is its file system. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { globFiles } from '../../src/corefile/glob.js';
import { parseCorefile } from '../../src/corefile/parser.js';
import { type PlanResult, planCorefile } from '../../src/corefile/planner.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';

const DISTRIBUTIONS = fileURLToPath(new URL('distributions', import.meta.url));
const COREFILE = '/etc/coredns/Corefile';

/** Where a path of a distribution lies on disk; what it does not bring is the node's. */
export function onDisk(distribution: string, path: string): string {
  const own = join(DISTRIBUTIONS, distribution, path);
  return existsSync(own) ? own : join(DISTRIBUTIONS, 'node', path);
}

/** The plan under the ports and paths that the Corefile names. */
export function stockPlan(distribution: string): PlanResult {
  const root = join(DISTRIBUTIONS, distribution);
  const readFile = (path: string): string => readFileSync(onDisk(distribution, path), 'utf8');
  const parsed = parseCorefile(readFile(COREFILE), {
    file: COREFILE,
    env: {},
    readFile,
    glob: (pattern) => globFiles(join(root, pattern)).map((path) => path.slice(root.length)),
  });
  return planCorefile(parsed, {
    file: COREFILE,
    directory: dirname(COREFILE),
    registry: PLUGIN_REGISTRY,
    defaultPort: 53,
    readFile,
  });
}
