/** Whether answers of a block may leave its tables or its cache without walking the chain, and why not. */
import type { PlannedBlock } from '../../corefile/plan.js';
import { isInZone } from '../../dns/name.js';
import { aclPlugin } from '../acl/directive.js';
import { loadbalancePlugin } from '../loadbalance/directive.js';
import { localPlugin } from '../local/directive.js';
import { logPlugin } from '../log/directive.js';
import { optionsOf } from '../options-of.js';
import { rewriteConcerns } from '../rewrite/concerned-names.js';
import { rewritePlugin } from '../rewrite/directive.js';
import { templatePlugin } from '../template/directive.js';
import { kubernetesPlugin } from './directive.js';

/** The decision for one block; `reason` is for people (svcdns check, explain). */
export interface FastWay {
  readonly possible: boolean;
  readonly reason: string;
}

/** Directives that must see every query or every answer of those behind them. */
const SEES_ALL: ReadonlyMap<string, string> = new Map([
  ['dns64', 'may make AAAA records of A records'],
  ['any', 'answers ANY for every name'],
  ['tsig', 'checks and signs messages'],
  ['header', 'changes the flags of every answer'],
  ['minimal', 'drops sections of every answer'],
  ['autopath', 'answers what a pod’s search path would have found'],
  ['nsid', 'adds the server’s identity to answers'],
]);

/** Whether the kubernetes directive's answers may come straight from its tables. */
export function fastWay(block: PlannedBlock): FastWay {
  const at = block.directives.findIndex(({ name }) => name === 'kubernetes');
  if (at < 0) return { possible: false, reason: 'no kubernetes directive' };
  const zones = optionsOf(block, kubernetesPlugin)?.zones ?? [];
  return wayTo(block, at, 'kubernetes', zones);
}

/**
 * Whether kept answers may come straight from the block's cache. Names of a kubernetes directive that is
 * itself asked through the chain could change under the cache, so both go together.
 */
export function cacheWay(block: PlannedBlock): FastWay {
  const at = block.directives.findIndex(({ name }) => name === 'cache');
  if (at < 0) return { possible: false, reason: 'no cache directive' };
  const hasKubernetes = block.directives.some(({ name }) => name === 'kubernetes');
  if (hasKubernetes && !fastWay(block).possible) return fastWay(block);
  return wayTo(block, at, 'cache', ['.']);
}

/** Directives are in execution order; those in front of position `at` decide. */
function wayTo(block: PlannedBlock, at: number, target: string, zones: readonly string[]): FastWay {
  for (const { name } of block.directives.slice(0, at)) {
    const why = SEES_ALL.get(name) ?? reasonByOptions(block, name, zones);
    if (why !== undefined) return { possible: false, reason: `${name} ${why}` };
  }
  return { possible: true, reason: `nothing in front of ${target} has to see its queries` };
}

/** Directives that matter only by what they are told. */
function reasonByOptions(
  block: PlannedBlock,
  name: string,
  zones: readonly string[],
): string | undefined {
  if (name === logPlugin.name) {
    const rules = optionsOf(block, logPlugin)?.rules ?? [];
    // tables and caches give no answer of the class error
    const errorsOnly = rules.every(({ classes }) => classes.length === 1 && classes[0] === 'error');
    return errorsOnly ? undefined : 'logs every query';
  }
  const meets = (own: string): boolean =>
    zones.some((zone) => isInZone(own, zone) || isInZone(zone, own));
  if (name === rewritePlugin.name) {
    const rewrite = optionsOf(block, rewritePlugin);
    const concerned = zones.some((zone) => rewrite && rewriteConcerns(rewrite, zone));
    return concerned ? 'may change questions for these zones' : undefined;
  }
  if (name === aclPlugin.name) {
    const concerned = (optionsOf(block, aclPlugin)?.rules ?? []).some((rule) =>
      rule.zones.some(meets),
    );
    return concerned ? 'decides by the client’s address' : undefined;
  }
  if (name === localPlugin.name) {
    const prefixed = optionsOf(block, localPlugin)?.localhostPrefix === true;
    return prefixed ? 'answers localhost in every domain' : undefined;
  }
  if (name === loadbalancePlugin.name) {
    const prefers = (optionsOf(block, loadbalancePlugin)?.prefer ?? []).length > 0;
    return prefers ? 'puts preferred addresses first' : undefined;
  }
  if (name === templatePlugin.name) {
    const concerned = (optionsOf(block, templatePlugin)?.stanzas ?? []).some((template) =>
      template.zones.some(meets),
    );
    return concerned ? 'may answer names of these zones' : undefined;
  }
  return undefined;
}
