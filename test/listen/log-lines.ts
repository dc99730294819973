/** A logger that keeps its lines for the test to look at. */
import type { Logger, LogMethod } from '../../src/observe/logger.js';

export interface LogLines extends Logger {
  /** `level message`, in order. */
  readonly lines: string[];
  readonly fields: Readonly<Record<string, unknown>>[];
}

export function logLines(): LogLines {
  const lines: string[] = [];
  const fields: Readonly<Record<string, unknown>>[] = [];
  const at =
    (level: string): LogMethod =>
    (more, message) => {
      lines.push(`${level} ${message}`);
      fields.push(more);
    };
  const logger: LogLines = {
    lines,
    fields,
    debug: () => {},
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return logger;
}
