/** The timeouts directive: how long stream connections may take (CoreDNS plugin/timeouts). */
import { durationArgument } from '../../corefile/duration.js';
import { directiveFault } from '../../corefile/faults.js';
import {
  integerArgument,
  noArguments,
  oneArgument,
  readOptions,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import type { TcpLimits } from '../../listen/tcp-limits.js';
import { onlyDirective } from '../only-directive.js';
import type { Plugin } from '../plugin.js';

/** What the directive says of a listener's limits. */
export type TimeoutsOptions = Partial<
  Pick<TcpLimits, 'firstQueryMs' | 'writeMs' | 'idleMs' | 'queries'>
>;

const DAY_MS = 24 * 3_600_000;

/** `timeouts { read DURATION; write DURATION; idle DURATION; maxtcpqueries N }`. */
export const timeoutsPlugin: Plugin<TimeoutsOptions> = {
  name: 'timeouts',
  repeatable: false,
  parse(directives: readonly Directive[]): TimeoutsOptions {
    const directive = onlyDirective(directives);
    noArguments(directive);
    let options: TimeoutsOptions = {};
    const set = (part: TimeoutsOptions): void => {
      options = { ...options, ...part };
    };
    readOptions(directive, {
      read: (line) => set({ firstQueryMs: timeoutMs(line) }),
      write: (line) => set({ writeMs: timeoutMs(line) }),
      idle: (line) => set({ idleMs: timeoutMs(line) }),
      maxtcpqueries: (line) => set({ queries: queryCount(line) }),
    });
    if (Object.keys(options).length === 0) {
      const mend = 'add read, write, idle or maxtcpqueries, or remove the directive';
      throw directiveFault('timeouts sets nothing', directive.place, mend);
    }
    return options;
  },
};

/** A bare number is seconds. */
function timeoutMs(line: Directive): number {
  const text = oneArgument(line, 'duration');
  const value = durationArgument(line, /^\d+$/.test(text) ? `${text}s` : text);
  if (value >= 1000 && value <= DAY_MS) return value;
  throw directiveFault(`${line.name}: "${text}" is out of range`, line.place, 'write 1s to 24h');
}

function queryCount(line: Directive): number {
  const text = oneArgument(line, 'count');
  if (text === '-1') return Number.POSITIVE_INFINITY;
  return integerArgument(line, text, { min: 1, max: 2 ** 31 - 1 });
}
