/** The rewrite directive: `rewrite [continue|stop] FIELD ...`, on one line or in braces (CoreDNS plugin/rewrite). */
import { directiveFault, gatherFaults, throwFaults } from '../../corefile/faults.js';
import type { Directive } from '../../corefile/plan.js';
import type { SvcdnsError } from '../../errors.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { actionOf } from './action.js';
import { rewriteHandler } from './handler.js';
import type { RewriteOptions, RewriteRule } from './options.js';

/** May stand more than once; each is one rule. */
export const rewritePlugin: Plugin<RewriteOptions> = {
  name: 'rewrite',
  repeatable: true,
  parse(directives: readonly Directive[]): RewriteOptions {
    const rules: RewriteRule[] = [];
    const faults: SvcdnsError[] = [];
    for (const directive of directives) {
      gatherFaults(faults, () => {
        rules.push(ruleOf(directive));
      });
    }
    throwFaults(faults);
    return { rules };
  },
  handler(options: RewriteOptions, environment: DataEnvironment) {
    return rewriteHandler(options, environment);
  },
};

function ruleOf(directive: Directive): RewriteRule {
  const { place } = directive;
  const words = wordsOf(directive);
  const mode = words[0]?.toLowerCase();
  const hasMode = mode === 'continue' || mode === 'stop';
  const action = actionOf(hasMode ? words.slice(1) : words, place);
  return { goesOn: mode === 'continue', action, place };
}

/** A rule in braces is one rule, however many lines it takes. */
function wordsOf({ args, body, place }: Directive): readonly string[] {
  if (body.length === 0) return args;
  if (args.length < 2) return [...args, ...body.flatMap((line) => [line.name, ...line.args])];
  throw directiveFault(
    'rewrite has a rule on its line and another in braces',
    place,
    'write rewrite [continue|stop] { RULE }',
  );
}
