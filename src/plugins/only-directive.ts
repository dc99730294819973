/** What the planner promises to a directive that is not repeatable: exactly one occurrence. */
import type { Directive } from '../corefile/plan.js';

/** The one directive of the list. An empty list is a fault of ours. */
export function onlyDirective(directives: readonly Directive[]): Directive {
  const [directive] = directives;
  if (directive === undefined) throw new Error('a plugin was called without its directive');
  return directive;
}
