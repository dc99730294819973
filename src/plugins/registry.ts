/** All directives that svcdns has: one import and one line each, in execution order when listed. */
import { aclPlugin } from './acl/directive.js';
import { anyPlugin } from './any/directive.js';
import { autopathPlugin } from './autopath/directive.js';
import { bindPlugin } from './bind/directive.js';
import { bufsizePlugin } from './bufsize/directive.js';
import { cachePlugin } from './cache/directive.js';
import { cancelPlugin } from './cancel/directive.js';
import { chaosPlugin } from './chaos/directive.js';
import { debugPlugin } from './debug/directive.js';
import { dns64Plugin } from './dns64/directive.js';
import { errorsPlugin } from './errors/directive.js';
import { forwardPlugin } from './forward/directive.js';
import { headerPlugin } from './header/directive.js';
import { healthPlugin } from './health/directive.js';
import { hostsPlugin } from './hosts/directive.js';
import { httpsPlugin } from './https/directive.js';
import { k8sExternalPlugin } from './k8s_external/directive.js';
import { kubernetesPlugin } from './kubernetes/directive.js';
import { loadbalancePlugin } from './loadbalance/directive.js';
import { localPlugin } from './local/directive.js';
import { logPlugin } from './log/directive.js';
import { loopPlugin } from './loop/directive.js';
import { metadataPlugin } from './metadata/directive.js';
import { minimalPlugin } from './minimal/directive.js';
import { nsidPlugin } from './nsid/directive.js';
import { EXECUTION_ORDER } from './order.js';
import type { Plugin } from './plugin.js';
import { prometheusPlugin } from './prometheus/directive.js';
import { readyPlugin } from './ready/directive.js';
import { reloadPlugin } from './reload/directive.js';
import { rewritePlugin } from './rewrite/directive.js';
import { templatePlugin } from './template/directive.js';
import { timeoutsPlugin } from './timeouts/directive.js';
import { tlsPlugin } from './tls/directive.js';
import { transferPlugin } from './transfer/directive.js';
import { workersPlugin } from './workers/directive.js';

/**
 * A plugin without its options type: whoever holds one hands its options back to it unseen.
 * `handler` is written as a method in the contract, so that this needs no cast.
 */
const PLUGINS: readonly Plugin<unknown>[] = [
  aclPlugin,
  anyPlugin,
  autopathPlugin,
  bindPlugin,
  bufsizePlugin,
  cachePlugin,
  cancelPlugin,
  chaosPlugin,
  debugPlugin,
  dns64Plugin,
  errorsPlugin,
  forwardPlugin,
  headerPlugin,
  healthPlugin,
  hostsPlugin,
  httpsPlugin,
  k8sExternalPlugin,
  kubernetesPlugin,
  loadbalancePlugin,
  localPlugin,
  logPlugin,
  loopPlugin,
  metadataPlugin,
  minimalPlugin,
  nsidPlugin,
  prometheusPlugin,
  readyPlugin,
  reloadPlugin,
  rewritePlugin,
  templatePlugin,
  timeoutsPlugin,
  tlsPlugin,
  transferPlugin,
  workersPlugin,
];

/** The directives by name, in execution order. */
export const PLUGIN_REGISTRY: ReadonlyMap<string, Plugin<unknown>> = new Map(
  [...PLUGINS]
    .sort((a, b) => EXECUTION_ORDER.indexOf(a.name) - EXECUTION_ORDER.indexOf(b.name))
    .map((plugin) => [plugin.name, plugin]),
);
