/** Directives that are a word alone. */
import { noArguments, noOptions } from '../corefile/option-lines.js';
import type { Directive } from '../corefile/plan.js';
import { onlyDirective } from './only-directive.js';

/** The options of a directive that has none. */
export type NoOptions = Readonly<Record<string, never>>;

/** @throws SvcdnsError COREFILE_DIRECTIVE when the directive has arguments or options */
export function parsePlain(directives: readonly Directive[]): NoOptions {
  const directive = onlyDirective(directives);
  noArguments(directive);
  noOptions(directive);
  return {};
}
