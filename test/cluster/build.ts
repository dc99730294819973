/** Builds the control plane's programs, and CoreDNS as the peer, from the Go modules pinned beside this file. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, repositoryRoot } from './repository.js';

/** The programs that the cluster suite can ask for. */
export type Program =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl'
  | 'kwok'
  | 'coredns';

interface Recipe {
  /** Folder under modules/ with the pinned go.mod and go.sum. */
  readonly module: string;
  readonly package: string;
  /** The required Go module whose version the program carries. */
  readonly versionOf: string;
}

const kubernetes = (name: string): Recipe => ({
  module: 'kubernetes',
  package: `k8s.io/kubernetes/cmd/${name}`,
  versionOf: 'k8s.io/kubernetes',
});

const RECIPES: Readonly<Record<Program, Recipe>> = {
  etcd: { module: 'etcd', package: './cmd/etcd', versionOf: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  kubectl: kubernetes('kubectl'),
  kwok: { module: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok', versionOf: 'sigs.k8s.io/kwok' },
  coredns: {
    module: 'coredns',
    package: 'github.com/coredns/coredns',
    versionOf: 'github.com/coredns/coredns',
  },
};

/** kwok's own descriptions of what a node and a pod go through; plain data inside its module. */
const KWOK_STAGES = ['node/fast', 'node/heartbeat-with-lease', 'pod/fast'];

/** Everything but coredns, which only SVCDNS_SERVER=coredns, the upstream and the benchmark need. */
export const CONTROL_PLANE: readonly Program[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kwok',
];

/** Where a program lies once {@link ensurePrograms} has seen to it. */
export function programPath(program: Program): string {
  return join(cacheRoot(), 'bin', program);
}

/** Files to hand to kwok's --config, once {@link ensurePrograms} has seen to kwok. */
export function kwokStageFiles(): string[] {
  const folder = join(cacheRoot(), 'kwok-stages');
  return readdirSync(folder)
    .sort()
    .map((file) => join(folder, file));
}

/**
 * Builds what is missing or was built from other pins. A rebuild is decided by a hash of go.mod, go.sum,
 * the module's own sources and the flags, kept beside the program.
 *
 * @throws Error with the command that failed and the mend.
 */
export async function ensurePrograms(programs: readonly Program[]): Promise<void> {
  for (const program of programs) {
    const plan = planOf(program);
    if (isCurrent(plan)) continue;
    await build(program, plan);
    if (program === 'kwok') await copyKwokStages(plan);
    writeFileSync(plan.keyFile, `${plan.key}\n`);
  }
}

interface Plan {
  readonly folder: string;
  readonly version: string;
  readonly arguments: readonly string[];
  readonly key: string;
  readonly keyFile: string;
}

function planOf(program: Program): Plan {
  const recipe = RECIPES[program];
  const folder = join(repositoryRoot(), 'test', 'cluster', 'modules', recipe.module);
  const version = requiredVersion(readFileSync(join(folder, 'go.mod'), 'utf8'), recipe.versionOf);
  const args = ['build', '-buildvcs=false', '-ldflags', linkerFlags(recipe, version)];
  const hash = createHash('sha256').update(JSON.stringify([args, recipe]));
  for (const file of sources(folder)) hash.update(file).update(readFileSync(join(folder, file)));
  const keyFile = join(cacheRoot(), 'bin', `${program}.key`);
  return { folder, version, arguments: args, key: hash.digest('hex'), keyFile };
}

/** go.mod, go.sum and the few Go files of ours. */
function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(folder, file)).isFile())
    .sort();
}

function requiredVersion(goMod: string, module: string): string {
  for (const line of goMod.split('\n')) {
    const [path, version] = line
      .replace(/^require /, '')
      .trim()
      .split(' ');
    if (path === module && version?.startsWith('v') === true) return version;
  }
  throw new Error(`go.mod does not require ${module}`);
}

/** Without these a Kubernetes program calls itself v0.0.0-master and kubectl warns of version skew. */
function linkerFlags(recipe: Recipe, version: string): string {
  if (recipe.module !== 'kubernetes') return '-s -w';
  const [major = '', minor = ''] = version.slice(1).split('.');
  const variable = (name: string, value: string): string =>
    `-X k8s.io/component-base/version.${name}=${value}`;
  const set = { gitVersion: version, gitMajor: major, gitMinor: minor };
  return ['-s -w', ...Object.entries(set).map(([name, value]) => variable(name, value))].join(' ');
}

function isCurrent(plan: Plan): boolean {
  const program = plan.keyFile.replace(/\.key$/, '');
  return (
    existsSync(program) &&
    existsSync(plan.keyFile) &&
    readFileSync(plan.keyFile, 'utf8').trim() === plan.key
  );
}

async function build(program: Program, plan: Plan): Promise<void> {
  const target = programPath(program);
  // A name of this process's own and a rename at the end: two suites at once never run half a file.
  const unfinished = `${target}.${process.pid}`;
  mkdirSync(join(cacheRoot(), 'bin'), { recursive: true });
  console.log(
    `cluster: building ${program} ${plan.version} (minutes, if Go has not built it before)`,
  );
  const started = Date.now();
  const args = [...plan.arguments, '-o', unfinished, RECIPES[program].package];
  try {
    await go(args, plan.folder);
    chmodSync(unfinished, 0o755);
    renameSync(unfinished, target);
  } finally {
    rmSync(unfinished, { force: true });
  }
  console.log(`cluster: built ${program} in ${Math.round((Date.now() - started) / 1000)} s`);
}

async function copyKwokStages(plan: Plan): Promise<void> {
  const module = (
    await go(['list', '-m', '-f', '{{.Dir}}', RECIPES.kwok.versionOf], plan.folder)
  ).trim();
  const target = join(cacheRoot(), 'kwok-stages');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const stage of KWOK_STAGES) {
    const folder = join(module, 'kustomize', 'stage', ...stage.split('/'));
    const files = readdirSync(folder).filter(
      (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
    );
    for (const file of files) {
      copyFileSync(join(folder, file), join(target, file));
      chmodSync(join(target, file), 0o644);
    }
  }
}

/** Runs go in a module's folder and gives its stdout; the developer's own Go settings stay out of it. */
async function go(args: readonly string[], folder: string): Promise<string> {
  const command = `(cd ${folder} && GOFLAGS=-mod=readonly GOWORK=off go ${args.map(shellWord).join(' ')})`;
  const environment = { ...process.env, GOFLAGS: '-mod=readonly', GOWORK: 'off' };
  const child = spawn('go', args, {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new Error(
          `the cluster suite needs Go and cannot run it: ${error.message}; install Go (the version is in ${folder}/go.mod) and put it on PATH. The command was: ${command}`,
          { cause: error },
        ),
      );
    });
    child.once('close', resolve);
  });
  if (code !== 0) {
    throw new Error(
      `go ended with ${String(code)}; mend what it says and run this again: ${command}\n${stderr}`,
    );
  }
  return stdout;
}

function shellWord(word: string): string {
  return /^[\w./=:@-]+$/.test(word) ? word : `'${word}'`;
}
