/** A logger whose lines another thread writes. */
import type { Logger } from './observe/logger.js';
import type { LogLevel } from './worker-message.js';

/** Takes a line: plain data that can be cloned. */
export type LineSink = (
  level: LogLevel,
  fields: Readonly<Record<string, unknown>>,
  message: string,
) => void;

/** @param bindings fields of every line */
export function remoteLogger(bindings: Readonly<Record<string, unknown>>, sink: LineSink): Logger {
  const at =
    (level: LogLevel) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      sink(level, plain({ ...bindings, ...fields }), message);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => remoteLogger({ ...bindings, ...more }, sink),
  };
}

/** Errors cross as data; functions and symbols become text. */
function plain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      if (value instanceof Error) {
        return [key, { type: value.name, message: value.message, stack: value.stack ?? '' }];
      }
      const crosses = typeof value !== 'function' && typeof value !== 'symbol';
      return [key, crosses ? value : String(value)];
    }),
  );
}
