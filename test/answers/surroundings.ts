/** What stands around the servers of a case file: the API with its fixtures, the upstream, a kubeconfig. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { EmbeddedApi } from '../../src/embedded/embedded-api.js';
import type { CaseFile } from './case-file.js';
import { startStaticApi } from './static-api.js';
import { startUpstream } from './upstream-server.js';

/** Folder of this room. */
export const ROOM: string = fileURLToPath(new URL('.', import.meta.url));

/** Running parts, and the variables that a Corefile of corefiles/ uses. */
export interface Surroundings {
  readonly corefile: string;
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** An API over HTTP. */
interface Api {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts what a case file asks for. `readyPort` is where the server's ready directive may listen. */
export async function startSurroundings(cases: CaseFile, readyPort: number): Promise<Surroundings> {
  const objects: unknown[] = [];
  for (const fixture of cases.fixtures) {
    const text = await readFile(join(ROOM, 'fixtures', fixture), 'utf8');
    for (const document of parseAllDocuments(text)) objects.push(document.toJS());
  }
  const api = cases.api === 'static' ? await startStaticApi(objects) : await startApi(objects);
  const upstream = await startUpstream(
    await readFile(join(ROOM, 'fixtures', 'upstream.zone'), 'utf8'),
  );
  const folder = await mkdtemp(join(tmpdir(), 'svcdns-answers-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigOf(api.url));
  return {
    corefile: join(ROOM, 'corefiles', cases.corefile),
    env: {
      ANSWERS_KUBECONFIG: kubeconfig,
      ANSWERS_UPSTREAM: `127.0.0.1:${upstream.port}`,
      ANSWERS_READY_PORT: String(readyPort),
    },
    close: async () => {
      upstream.close();
      await api.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function startApi(objects: readonly unknown[]): Promise<Api> {
  const api = new EmbeddedApi();
  await api.start();
  for (const object of objects) api.apply(object);
  return api;
}

function kubeconfigOf(url: string): string {
  return `apiVersion: v1
kind: Config
current-context: test
clusters: [{ name: test, cluster: { server: "${url}" } }]
users: [{ name: test, user: {} }]
contexts: [{ name: test, context: { cluster: test, user: test } }]
`;
}
