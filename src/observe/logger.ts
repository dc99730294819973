/** The logger as every room sees it: pino's shape, so that rooms need not import pino. */

/** One level's method: structured fields first (`err` for an error), then a lower-case message. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that adds `bindings` to each line, one per room. */
  child(bindings: Readonly<Record<string, unknown>>): Logger;
}

const nothing: LogMethod = () => {};

/** A logger that says nothing: for tests and for rooms used as a library. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
