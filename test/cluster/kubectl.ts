/** kubectl, built from the same pins as the API server, run to its end with one kubeconfig. */
import { spawn } from 'node:child_process';
import { programPath } from './build.js';
import { endedWithParent } from './daemon.js';

export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

/** A kubectl that speaks with the identity of `kubeconfig`; it rejects with kubectl's own words. */
export function kubectlWith(kubeconfig: string): Kubectl {
  return async (args, input = '') => {
    // The default, ~/.kube/cache, would mix in the discovery of another run's API server.
    const own = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${kubeconfig}.cache`];
    const started = endedWithParent(programPath('kubectl'), [...own, ...args]);
    const child = spawn(started.command, started.args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdin.end(input);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) {
      throw new Error(`kubectl ${args.join(' ')} ended with ${String(code)}: ${stderr.trim()}`);
    }
    return stdout;
  };
}
