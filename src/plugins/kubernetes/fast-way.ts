/** Whether a block's kubernetes answers may leave its tables without walking the chain, and why not. */
import type { PlannedBlock } from '../../corefile/plan.js';

/** The decision for one block; `reason` is for people (svcdns check, explain). */
export interface FastWay {
  readonly possible: boolean;
  readonly reason: string;
}

/** Directives in front of kubernetes that must see every query or every answer. */
const SEES_ALL: ReadonlyMap<string, string> = new Map([
  ['log', 'logs every query'],
  ['dns64', 'may make AAAA records of A records'],
  ['any', 'answers ANY for every name'],
  ['tsig', 'checks and signs messages'],
  ['rewrite', 'may change any question'],
  ['acl', 'decides by the client’s address'],
  ['header', 'changes the flags of every answer'],
  ['minimal', 'drops sections of every answer'],
  ['template', 'may answer any name'],
  ['hosts', 'may hold any name'],
  ['autopath', 'answers what a pod’s search path would have found'],
  ['nsid', 'adds the server’s identity to answers'],
]);

/** Decides for a block; directives are in execution order. */
export function fastWay(block: PlannedBlock): FastWay {
  const at = block.directives.findIndex(({ name }) => name === 'kubernetes');
  if (at < 0) return { possible: false, reason: 'no kubernetes directive' };
  for (const { name } of block.directives.slice(0, at)) {
    const why = SEES_ALL.get(name);
    if (why !== undefined) return { possible: false, reason: `${name} ${why}` };
  }
  return { possible: true, reason: 'nothing in front of kubernetes has to see its queries' };
}
