/**
 * The benchmark: svcdns beside CoreDNS and Knot, interleaved, on a real control plane.
 *
 * Run with `npm run bench`; `--help` lists the options. Everything listens on loopback and ends with
 * this process, however that comes about.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTROL_PLANE, ensurePrograms } from '../test/cluster/build.js';
import { ControlPlane } from '../test/cluster/control-plane.js';
import { repositoryRoot } from '../test/cluster/repository.js';
import { ApiWriter } from './api-writer.js';
import { changePhase } from './change-phase.js';
import { type Fleet, startFleet, startTimes } from './fleet.js';
import { loadPhase } from './load-phase.js';
import { machine } from './machine.js';
import { type BenchOptions, benchOptions, USAGE } from './options.js';
import { type Findings, reportText } from './report.js';
import { scalePhase } from './scale-phase.js';
import { countEndpoints, seedServices } from './seed.js';
import { seedCluster } from './seeding.js';
import { WORKLOADS } from './workloads.js';

/** The API server's default is 200 changing requests at once. */
const CONNECTIONS = 64;

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return;
  }
  const options = benchOptions(process.argv.slice(2));
  await ensurePrograms([...CONTROL_PLANE, 'coredns']);
  const folder = mkdtempSync(join(tmpdir(), 'svcdns-bench-'));
  removeAtEnd(folder);
  const started = performance.now();
  const findings: Findings = {
    machine: machine(),
    command: options.command,
    ...(await clusterFindings(options, folder)),
    ...(options.phases.has('scale')
      ? { scale: await scalePhase({ ...options, folder, say: console.log }) }
      : {}),
  };
  const minutes = (performance.now() - started) / 60_000;
  const notes = readFileSync(join(repositoryRoot(), 'bench', 'notes.md'), 'utf8');
  const text = `${reportText(findings, minutes)}\n${notes}`;
  if (options.output === '') console.log(text);
  else writeFileSync(options.output ?? join(repositoryRoot(), 'docs', 'benchmarks.md'), text);
}

/** Also at a signal; daemons end by their own listeners of `exit`, which have to come first. */
function removeAtEnd(folder: string): void {
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove);
  const end = (exitCode: number): void => {
    process.off('exit', remove);
    process.once('exit', remove);
    process.exit(exitCode);
  };
  process.once('SIGINT', () => end(130));
  process.once('SIGTERM', () => end(143));
}

/** What is measured on a real control plane. */
async function clusterFindings(
  options: BenchOptions,
  folder: string,
): Promise<Pick<Findings, 'cluster'>> {
  if (!options.phases.has('load')) return {};
  const services = seedServices(options.size);
  const controlPlane = await ControlPlane.start();
  removeAtEnd(controlPlane.folder);
  let api: ApiWriter | undefined;
  let fleet: Fleet | undefined;
  try {
    api = new ApiWriter({
      server: controlPlane.server,
      token: controlPlane.adminToken,
      certificateAuthority: controlPlane.certificateAuthority,
      connections: CONNECTIONS,
    });
    const began = performance.now();
    await seedCluster(api, services);
    console.log(
      `seeded ${services.length} services in ${Math.round((performance.now() - began) / 1_000)} s`,
    );
    const access = [`kubeconfig ${await controlPlane.restrictedKubeconfig()}`];
    const setting = { folder, access, services };
    const starts = options.phases.has('change')
      ? await startTimes(setting, options.starts)
      : undefined;
    fleet = await startFleet(setting);
    const memoryAtStart = fleet.memory();
    const workloads = await loadPhase({
      servers: fleet.servers,
      missing: fleet.missing,
      workloads: WORKLOADS.filter(({ id }) => options.workloads.has(id)),
      services,
      rounds: options.rounds,
      seconds: options.seconds,
      folder,
      say: console.log,
    });
    const changes = options.phases.has('change')
      ? await changePhase(api, fleet.servers, options.changes)
      : undefined;
    return {
      cluster: {
        services: services.length,
        endpoints: countEndpoints(services),
        rounds: options.rounds,
        seconds: options.seconds,
        memoryAtStart,
        memoryAfterLoad: fleet.memory(),
        workloads,
        starts,
        changes,
      },
    };
  } finally {
    await fleet?.stop();
    api?.close();
    await controlPlane.stop();
  }
}

await main();
