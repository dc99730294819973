/**
 * A data worker: its own sockets on the shared ports, its own chain, the tables by shared memory.
 *
 * Loads neither axios nor pino: what it has to say goes to the main thread as a message.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { DataHost } from './data-host.js';
import { SvcdnsError } from './errors.js';
import { ThreadSeries } from './observe/metrics/thread-series.js';
import { PLUGIN_REGISTRY } from './plugins/registry.js';
import { remoteLogger } from './remote-logger.js';
import type { WorkerFault, WorkerOrder, WorkerReport, WorkerStart } from './worker-message.js';

const port = parentPort;
if (port === null) throw new Error('worker.js is started by the server, not by hand');

const report = (message: WorkerReport): void => port.postMessage(message);
const { configuration, reader, podNamespace, metrics } = workerData as WorkerStart;
const series = new ThreadSeries(metrics);
const host = new DataHost({
  registry: PLUGIN_REGISTRY,
  reader,
  logger: remoteLogger({ worker: reader }, (level, fields, message) =>
    report({ kind: 'log', level, fields, message }),
  ),
  ...(podNamespace === undefined ? {} : { podNamespace }),
  now: () => performance.now(),
  wallClock: () => Date.now(),
  random: () => Math.random(),
  count: (metric, labels, by) => series.count(metric, labels, by),
  observe: (metric, value, labels) => series.observe(metric, value, labels),
  series,
  udpImplementation: 'auto',
  reusePort: true,
});

if (await apply(configuration)) {
  port.on('message', (order: WorkerOrder) => {
    if (order.kind === 'apply') void apply(order.configuration);
    else void host.close(order.drainMs).finally(() => port.close());
  });
} else {
  port.close();
}

async function apply(next: WorkerStart['configuration']): Promise<boolean> {
  try {
    await host.apply(next);
  } catch (error) {
    report({ kind: 'failed', fault: faultOf(error) });
    return false;
  }
  const listeners = host.listeners.map((listener) => ({
    server: listener.server,
    transport: listener.transport,
    implementation: listener.implementation,
    address: listener.address,
    port: listener.port,
  }));
  report({ kind: 'applied', listeners });
  return true;
}

function faultOf(error: unknown): WorkerFault {
  if (error instanceof SvcdnsError) {
    const { code, message, where, mend } = error;
    return { code, message, where, mend };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: undefined, message, where: undefined, mend: undefined };
}
