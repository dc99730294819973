/** The header directive: `header { query|response set|clear FLAGS... }` (CoreDNS plugin/header). */
import { directiveFault } from '../../corefile/faults.js';
import { noArguments, readOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { headerHandler } from './handler.js';

const FLAGS = ['aa', 'ra', 'rd'] as const;
export type HeaderFlag = (typeof FLAGS)[number];

/** Flags that are set or cleared; those not named stay as they are. */
export type FlagChanges = Readonly<Partial<Record<HeaderFlag, boolean>>>;

export interface HeaderOptions {
  readonly query: FlagChanges;
  readonly response: FlagChanges;
}

export const headerPlugin: Plugin<HeaderOptions> = {
  name: 'header',
  repeatable: false,
  parse(directives: readonly Directive[]): HeaderOptions {
    const directive = onlyDirective(directives);
    noArguments(directive);
    const changes = { query: {}, response: {} };
    readOptions(directive, {
      query: (line) => {
        changes.query = { ...changes.query, ...flagsOf(line) };
      },
      response: (line) => {
        changes.response = { ...changes.response, ...flagsOf(line) };
      },
    });
    return changes;
  },
  handler(options: HeaderOptions, _environment: DataEnvironment) {
    return headerHandler(options);
  },
};

/** A later line wins over an earlier one. */
function flagsOf(line: Directive): FlagChanges {
  const [action, ...words] = line.args;
  const mend = `write ${line.name} set|clear aa|ra|rd...`;
  if (action !== 'set' && action !== 'clear') {
    const what = action === undefined ? 'lacks its action' : `has no action "${action}"`;
    throw directiveFault(`${line.name} ${what}`, line.place, mend);
  }
  if (words.length === 0) throw directiveFault(`${line.name} lacks its flags`, line.place, mend);
  const flags = words.map((word) => {
    const flag = FLAGS.find((known) => known === word.toLowerCase());
    if (flag !== undefined) return flag;
    throw directiveFault(`${line.name}: there is no flag "${word}"`, line.place, mend);
  });
  return Object.fromEntries(flags.map((flag) => [flag, action === 'set']));
}
