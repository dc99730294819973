/**
 * What a datagram costs: CPU per query of the UDP listeners with an answerer that does next to nothing,
 * beside Knot with a static zone. Needs `npm run build` and dnsperf; runs interleave, since machines
 * are noisy.
 *
 * usage: node bench/micro/udp.mjs [--seconds 4] [--rounds 3] [--rates 0,20000,2000] [variant ...]
 *
 * Variants: `plain`, `batch`, `batch:32` (size of a batch), `batch/2` (threads on one port), `knot`.
 * A rate of 0 is as fast as dnsperf goes.
 */
import { execFile, fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    rates: { type: 'string', default: '0,20000,2000' },
  },
});
const variants =
  positionals.length > 0 ? positionals : ['plain', 'batch', 'batch/2', 'plain/2', 'knot'];
const folder = mkdtempSync(join(tmpdir(), 'svcdns-bench-'));
const names = Array.from({ length: 100 }, (_, i) => `svc-${i}.ns-${i % 10}.svc.cluster.local`);
const queries = join(folder, 'queries');
writeFileSync(queries, names.map((name) => `${name} A\n`).join(''));

async function load(port, rate, seconds) {
  const limit = rate > 0 ? ['-Q', String(rate)] : [];
  const args = ['-s', '127.0.0.1', '-p', String(port), '-d', queries, '-l', String(seconds)];
  const { stdout } = await run('dnsperf', [...args, '-c', '10', '-q', '100', ...limit]);
  const read = (pattern) => Number(pattern.exec(stdout)?.[1]);
  return {
    completed: read(/Queries completed:\s+(\d+)/),
    lost: read(/Queries lost:\s+(\d+)/),
    qps: read(/Queries per second:\s+([\d.]+)/),
    latency: read(/Average Latency \(s\):\s+([\d.]+)/) * 1e6,
  };
}

/** A server of ours: CPU from process.cpuUsage, which counts the kernel's work in our system calls. */
async function startNode(variant) {
  const [implementation, batch] = variant.split(':');
  const args = batch === undefined ? [implementation] : [implementation, batch];
  const child = fork(new URL('./udp-server.mjs', import.meta.url), args);
  const next = () => new Promise((resolve) => child.once('message', resolve));
  const { port } = await next();
  const ask = async (message) => {
    child.send(message);
    return next();
  };
  return {
    port,
    reset: () => ask('reset'),
    async usage() {
      const { user, system, split, rss } = await ask('usage');
      return { user, system, rss, note: split.length > 1 ? `split ${split.join('/')}` : '' };
    },
    stop: async () => child.disconnect(),
  };
}

/** Knot with one UDP worker; CPU from /proc, in ticks of 10 ms. */
async function startKnot() {
  const port = 5399;
  const zone = [
    '$ORIGIN cluster.local.',
    '$TTL 5',
    '@ SOA ns.dns h 1 7200 1800 86400 5',
    '@ NS ns.dns',
  ];
  zone.push('ns.dns A 192.0.2.53', ...names.map((name) => `${name}. A 192.0.2.1`), '');
  writeFileSync(join(folder, 'zone'), zone.join('\n'));
  const conf = [
    'server:',
    `  listen: 127.0.0.1@${port}`,
    `  rundir: ${folder}`,
    '  udp-workers: 1',
    '  tcp-workers: 1',
    '  background-workers: 1',
    'database:',
    `  storage: ${folder}`,
    'zone:',
    '  - domain: cluster.local',
    `    file: ${join(folder, 'zone')}`,
    '',
  ];
  writeFileSync(join(folder, 'knot.conf'), conf.join('\n'));
  const child = spawn('knotd', ['-c', join(folder, 'knot.conf')], { stdio: 'ignore' });
  await sleep(1000);
  const read = () => {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return {
      user: Number(stat[11]) * 1e4,
      system: Number(stat[12]) * 1e4,
      rss: Number(stat[21]) * 4096,
    };
  };
  let before = read();
  return {
    port,
    reset: async () => {
      before = read();
    },
    async usage() {
      const { user, system, rss } = read();
      return { user: user - before.user, system: system - before.system, rss, note: '' };
    },
    async stop() {
      child.kill();
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

async function measure(variant, rate) {
  const server = await (variant === 'knot' ? startKnot() : startNode(variant));
  try {
    await load(server.port, rate, 1);
    await server.reset();
    const result = await load(server.port, rate, Number(values.seconds));
    const { user, system, rss, note } = await server.usage();
    return {
      variant,
      rate: rate || 'all',
      'µs/query': ((user + system) / result.completed).toFixed(2),
      user: (user / result.completed).toFixed(2),
      qps: Math.round(result.qps),
      'mean latency µs': Math.round(result.latency),
      lost: result.lost,
      'rss MB': Math.round(rss / 2 ** 20),
      note,
    };
  } finally {
    await server.stop();
  }
}

try {
  const rows = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const rate of values.rates.split(',').map(Number)) {
      for (const variant of variants) rows.push(await measure(variant, rate));
    }
  }
  console.table(
    rows.sort((a, b) => `${a.rate} ${a.variant}`.localeCompare(`${b.rate} ${b.variant}`)),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
