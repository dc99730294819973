/** All directives that svcdns has: one import and one line each, in execution order when listed. */
import { aclPlugin } from './acl/directive.js';
import { bindPlugin } from './bind/directive.js';
import { bufsizePlugin } from './bufsize/directive.js';
import { cachePlugin } from './cache/directive.js';
import { debugPlugin } from './debug/directive.js';
import { errorsPlugin } from './errors/directive.js';
import { forwardPlugin } from './forward/directive.js';
import { healthPlugin } from './health/directive.js';
import { hostsPlugin } from './hosts/directive.js';
import { httpsPlugin } from './https/directive.js';
import { kubernetesPlugin } from './kubernetes/directive.js';
import { loadbalancePlugin } from './loadbalance/directive.js';
import { logPlugin } from './log/directive.js';
import { loopPlugin } from './loop/directive.js';
import { EXECUTION_ORDER } from './order.js';
import type { Plugin } from './plugin.js';
import { prometheusPlugin } from './prometheus/directive.js';
import { readyPlugin } from './ready/directive.js';
import { reloadPlugin } from './reload/directive.js';
import { rewritePlugin } from './rewrite/directive.js';
import { templatePlugin } from './template/directive.js';
import { timeoutsPlugin } from './timeouts/directive.js';
import { tlsPlugin } from './tls/directive.js';
import { workersPlugin } from './workers/directive.js';

/**
 * A plugin without its options type: whoever holds one hands its options back to it unseen.
 * `handler` is written as a method in the contract, so that this needs no cast.
 */
const PLUGINS: readonly Plugin<unknown>[] = [
  aclPlugin,
  bindPlugin,
  bufsizePlugin,
  cachePlugin,
  debugPlugin,
  errorsPlugin,
  forwardPlugin,
  healthPlugin,
  hostsPlugin,
  httpsPlugin,
  kubernetesPlugin,
  loadbalancePlugin,
  logPlugin,
  loopPlugin,
  prometheusPlugin,
  readyPlugin,
  reloadPlugin,
  rewritePlugin,
  templatePlugin,
  timeoutsPlugin,
  tlsPlugin,
  workersPlugin,
];

/** The directives by name, in execution order. */
export const PLUGIN_REGISTRY: ReadonlyMap<string, Plugin<unknown>> = new Map(
  [...PLUGINS]
    .sort((a, b) => EXECUTION_ORDER.indexOf(a.name) - EXECUTION_ORDER.indexOf(b.name))
    .map((plugin) => [plugin.name, plugin]),
);
