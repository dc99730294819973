/** From the return of the API call that creates a service to the first answer with its address. */
import type { ApiWriter } from './api-writer.js';
import { Asker } from './asker.js';
import type { NameServer } from './name-server.js';
import type { ServerName } from './workloads.js';

const SERVERS: readonly ServerName[] = ['svcdns', 'CoreDNS'];
/** No answer by then is a fault, not a reading. */
const DEADLINE_MS = 30_000;

/** ms each, servers taking turns; each name is asked once before its service exists. */
export async function changePhase(
  api: ApiWriter,
  servers: ReadonlyMap<ServerName, NameServer>,
  changes: number,
): Promise<ReadonlyMap<ServerName, readonly number[]>> {
  const times = new Map<ServerName, readonly number[]>();
  for (let i = 0; i < changes; i++) {
    for (const server of SERVERS) {
      const port = servers.get(server)?.port;
      if (port === undefined) continue;
      const taken = await timeOne(api, port, `change-${server.toLowerCase()}-${i}`);
      times.set(server, [...(times.get(server) ?? []), taken]);
    }
  }
  return times;
}

async function timeOne(api: ApiWriter, port: number, name: string): Promise<number> {
  const asker = new Asker(port);
  const qname = `${name}.default.svc.cluster.local`;
  try {
    await asker.ask(qname);
    const reply = await api.send({
      method: 'POST',
      path: '/api/v1/namespaces/default/services',
      body: { metadata: { name }, spec: { ports: [{ port: 80 }] } },
    });
    const created = performance.now();
    const address = /"clusterIP": ?"([\d.]+)"/.exec(reply)?.[1];
    if (address === undefined) throw new Error(`no cluster IP: ${reply}`);
    await asker.askUntil(qname, address, DEADLINE_MS);
    return performance.now() - created;
  } finally {
    asker.close();
  }
}
