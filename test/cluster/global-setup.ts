/** Builds the control plane before any test's clock runs: from nothing that takes a quarter of an hour. */
import { CONTROL_PLANE, ensurePrograms } from './build.js';
import { serverName } from './server-under-test.js';

/** Called by vitest once, before the first file of the cluster suite. */
export async function setup(): Promise<void> {
  await ensurePrograms(serverName() === 'coredns' ? [...CONTROL_PLANE, 'coredns'] : CONTROL_PLANE);
}
