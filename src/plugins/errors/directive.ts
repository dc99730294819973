/** The errors directive: faults met while answering go to the log, floods of them gathered to one line. */
import type { Handler } from '../../chain/handler.js';
import { durationArgument } from '../../corefile/duration.js';
import { directiveFault } from '../../corefile/faults.js';
import { type Pattern, patternArgument } from '../../corefile/go-pattern.js';
import { noArguments, optionalArgument, readOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { errorsHandler } from './handler.js';

const LEVELS = ['warning', 'error', 'info', 'debug'] as const;

/** Messages that match are counted for a while and then told in one line. */
export interface ConsolidateRule {
  readonly periodMs: number;
  readonly pattern: Pattern;
  readonly level: (typeof LEVELS)[number];
  /** Whether the first message of each period is told at once. */
  readonly showFirst: boolean;
}

export interface ErrorsOptions {
  /** The first rule that matches takes the message. */
  readonly consolidate: readonly ConsolidateRule[];
  /** Whether faults of ours are logged with their stack. */
  readonly stacktrace: boolean;
}

/**
 * `errors { stacktrace; consolidate DURATION REGEXP [LEVEL] [show_first] }` (CoreDNS plugin/errors).
 * CoreDNS's old argument `stdout` is taken and means nothing.
 */
export const errorsPlugin: Plugin<ErrorsOptions> = {
  name: 'errors',
  repeatable: false,
  parse(directives: readonly Directive[]): ErrorsOptions {
    const directive = onlyDirective(directives);
    const target = optionalArgument(directive, 'argument');
    if (target !== undefined && target !== 'stdout') {
      const mend = 'remove it; svcdns logs to standard output';
      throw directiveFault(`errors: cannot write to "${target}"`, directive.place, mend);
    }
    const consolidate: ConsolidateRule[] = [];
    let stacktrace = false;
    readOptions(directive, {
      stacktrace: (line) => {
        noArguments(line);
        stacktrace = true;
      },
      consolidate: (line) => {
        consolidate.push(consolidateRule(line));
      },
    });
    return { consolidate, stacktrace };
  },
  handler(options: ErrorsOptions, environment: DataEnvironment): Handler {
    return errorsHandler(options, environment);
  },
};

function consolidateRule(line: Directive): ConsolidateRule {
  const [period, pattern, ...rest] = line.args;
  const form = 'write consolidate DURATION REGEXP [LEVEL] [show_first]';
  if (period === undefined || pattern === undefined) {
    throw directiveFault('consolidate lacks its duration or pattern', line.place, form);
  }
  const level = LEVELS.find((candidate) => candidate === rest[0]);
  const behind = level === undefined ? rest : rest.slice(1);
  const showFirst = behind[0] === 'show_first';
  const [surplus] = showFirst ? behind.slice(1) : behind;
  if (surplus !== undefined) {
    const mend = `${form}, LEVEL one of ${LEVELS.join(', ')}`;
    throw directiveFault(`consolidate: "${surplus}" is not expected here`, line.place, mend);
  }
  return {
    periodMs: durationArgument(line, period),
    pattern: patternArgument(line, pattern),
    level: level ?? 'error',
    showFirst,
  };
}
