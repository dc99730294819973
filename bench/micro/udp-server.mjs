/** One UDP server of the benchmark: `plain`, `batch` or `batch/N` threads on one port; driven over IPC. */
import { isMainThread, parentPort, threadId, Worker, workerData } from 'node:worker_threads';
import { listenUdp } from '../../dist/listen/udp.js';

const silent = { debug() {}, info() {}, warn() {}, error: console.error, child: () => silent };

/** The same A record for every question: what is left is the cost of the datagrams. */
const RECORD = Buffer.from('c00c00010001000000050004c0000201', 'hex');
let answered = 0;
const answerer = {
  answer(query, start, length, out, outStart) {
    if (length < 17 || (query[start + 2] & 0x80) !== 0) return 0;
    let i = start + 12;
    const end = start + length;
    while (i < end && query[i] !== 0) i += query[i] + 1;
    i += 5;
    if (i > end) return 0;
    const size = i - start;
    for (let k = 0; k < size; k += 1) out[outStart + k] = query[start + k];
    out[outStart + 2] = 0x84 | (query[start + 2] & 1);
    out[outStart + 3] = 0;
    out[outStart + 7] = 1;
    out.fill(0, outStart + 8, outStart + 12);
    for (let k = 0; k < 16; k += 1) out[outStart + size + k] = RECORD[k];
    answered += 1;
    return size + 16;
  },
  resolve: async () => undefined,
};

async function serve({ implementation, port, reusePort, batch }) {
  const options = { server: 'dns://:0', address: '127.0.0.1', answerer, logger: silent };
  return listenUdp({ ...options, implementation, port, reusePort, batch });
}

function startWorker(data) {
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  return new Promise((resolve) => worker.once('message', (port) => resolve({ worker, port })));
}

function ask(worker, message) {
  worker.postMessage(message);
  return new Promise((resolve) => worker.once('message', resolve));
}

async function main() {
  const [variant = 'batch', batch] = process.argv.slice(2);
  const [implementation, threads] = variant.split('/');
  const common = { implementation, batch: batch === undefined ? undefined : Number(batch) };
  const workers = [];
  let port = 0;
  for (let i = 0; i < Number(threads ?? 0); i += 1) {
    const started = await startWorker({ ...common, port, reusePort: true });
    port = started.port;
    workers.push(started.worker);
  }
  if (workers.length === 0) port = (await serve({ ...common, port: 0 })).port;
  let cpu = process.cpuUsage();
  const counts = async (message) => {
    if (workers.length > 0) return Promise.all(workers.map((worker) => ask(worker, message)));
    const count = answered;
    if (message === 'reset') answered = 0;
    return [count];
  };
  process.on('message', async (message) => {
    const split = await counts(message);
    const { user, system } = process.cpuUsage(cpu);
    if (message === 'reset') cpu = process.cpuUsage();
    process.send({ split, user, system, rss: process.memoryUsage.rss() });
  });
  process.on('disconnect', () => process.exit(0));
  process.send({ port });
}

if (isMainThread) {
  await main();
} else {
  const { port } = await serve(workerData);
  parentPort.on('message', (message) => {
    parentPort.postMessage(answered);
    if (message === 'reset') answered = 0;
  });
  parentPort.postMessage(port, []);
  process.title = `udp ${threadId}`;
}
