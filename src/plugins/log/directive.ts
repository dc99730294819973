/** The log directive: which queries are logged, and in what form. */
import type { Handler } from '../../chain/handler.js';
import { oneOf, readOptions, someArguments } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import type { DataEnvironment, Plugin } from '../plugin.js';
import { logHandler } from './handler.js';

/** The common log format of CoreDNS. */
export const COMMON_LOG_FORMAT: string =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}';
/** The same with the opcode. */
export const COMBINED_LOG_FORMAT: string = `${COMMON_LOG_FORMAT} "{>opcode}"`;

const CLASSES = ['all', 'denial', 'error', 'success'] as const;
/** `denial`: NXDOMAIN and NODATA; `error`: any other rcode that is not NOERROR. */
export type LogClass = (typeof CLASSES)[number];

/** One rule; the first whose zone holds the name decides. */
export interface LogRule {
  /** Canonical zone. */
  readonly zone: string;
  /** Text with placeholders, `{common}` and `{combined}` already put in. */
  readonly format: string;
  /** Never empty. */
  readonly classes: readonly LogClass[];
}

export interface LogOptions {
  readonly rules: readonly LogRule[];
}

/** `log [NAMES...] [FORMAT] { class CLASSES... }`, several add up (CoreDNS plugin/log). */
export const logPlugin: Plugin<LogOptions> = {
  name: 'log',
  repeatable: true,
  parse(directives: readonly Directive[]): LogOptions {
    return { rules: directives.flatMap(logRules) };
  },
  handler(options: LogOptions, environment: DataEnvironment): Handler {
    return logHandler(options, environment);
  },
};

function logRules(directive: Directive): readonly LogRule[] {
  const last = directive.args.at(-1);
  // a name has no brace; CoreDNS looks for a format only behind a name, alone it makes no sense as one
  const hasFormat = last?.includes('{') === true;
  const format = (hasFormat ? last : '{common}')
    .replaceAll('{common}', COMMON_LOG_FORMAT)
    .replaceAll('{combined}', COMBINED_LOG_FORMAT);
  const names = hasFormat ? directive.args.slice(0, -1) : directive.args;
  const classes = new Set<LogClass>();
  readOptions(directive, {
    class: (line) => {
      for (const text of someArguments(line, 'class')) {
        classes.add(oneOf({ ...line, args: [text] }, CLASSES));
      }
    },
  });
  return zonesOfArguments(names, ['.'], directive.place).map((zone) => ({
    zone,
    format,
    classes: classes.size === 0 ? ['all'] : [...classes],
  }));
}
