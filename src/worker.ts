/**
 * A data worker: its own sockets on the shared ports, its own chain, the tables by shared memory.
 *
 * Loads neither axios nor pino: what it has to say goes to the main thread as a message.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { createDataSide } from './data-side.js';
import { SvcdnsError } from './errors.js';
import type { Logger } from './observe/logger.js';
import { openListeners } from './open-listeners.js';
import { PLUGIN_REGISTRY } from './plugins/registry.js';
import type {
  LogLevel,
  WorkerFault,
  WorkerOrder,
  WorkerReport,
  WorkerStart,
} from './worker-message.js';

const port = parentPort;
if (port === null) throw new Error('worker.js is started by the server, not by hand');

const report = (message: WorkerReport): void => port.postMessage(message);
await start(workerData as WorkerStart);

async function start({ plan, zones, specs, reader, podNamespace }: WorkerStart): Promise<void> {
  const logger = remoteLogger({ worker: reader });
  const dataSide = createDataSide({
    plan,
    registry: PLUGIN_REGISTRY,
    zones,
    reader,
    logger,
    ...(podNamespace === undefined ? {} : { podNamespace }),
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => Math.random(),
    count: () => {},
    observe: () => {},
  });
  try {
    const listeners = await openListeners({
      specs,
      dataSide,
      logger: logger.child({ room: 'listen' }),
      udpImplementation: 'auto',
      reusePort: true,
    });
    port?.on('message', (order: WorkerOrder) => {
      void Promise.all(listeners.map((listener) => listener.close(order.drainMs)))
        .then(() => dataSide.close())
        .finally(() => {
          report({ kind: 'closed' });
          port?.close();
        });
    });
    report({
      kind: 'listening',
      listeners: listeners.map(({ server, transport, implementation, address, port: bound }) => ({
        server,
        transport,
        implementation,
        address,
        port: bound,
      })),
    });
  } catch (error) {
    await dataSide.close();
    report({ kind: 'failed', fault: faultOf(error) });
    port?.close();
  }
}

function faultOf(error: unknown): WorkerFault {
  if (error instanceof SvcdnsError) {
    const { code, message, where, mend } = error;
    return { code, message, where, mend };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: undefined, message, where: undefined, mend: undefined };
}

/** A logger whose lines the main thread writes. */
function remoteLogger(bindings: Readonly<Record<string, unknown>>): Logger {
  const at =
    (level: LogLevel) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      report({ kind: 'log', level, fields: plain({ ...bindings, ...fields }), message });
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => remoteLogger({ ...bindings, ...more }),
  };
}

/** Errors cross as data; anything else that can't be cloned becomes text. */
function plain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      if (value instanceof Error) {
        return [key, { type: value.name, message: value.message, stack: value.stack ?? '' }];
      }
      return [
        key,
        typeof value === 'function' || typeof value === 'symbol' ? String(value) : value,
      ];
    }),
  );
}
