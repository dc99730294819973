/** The logger of the running server: pino, as JSON lines, or readable where a person looks on. */
import { type DestinationStream, destination, type Level, type Logger as Pino, pino } from 'pino';
import type { Logger } from './logger.js';

export interface PinoLoggerOptions {
  /** The least level that is written; default `info`. */
  readonly level?: Level;
  /** The file descriptor: 1 (default) standard output, 2 standard error. */
  readonly fd?: 1 | 2;
  /** Lines for a person's eyes instead of JSON. */
  readonly readable?: boolean;
}

/**
 * A logger that writes to standard output or error, at once and in order, so that the last words of a
 * process are not lost. A reader that has gone away is no reason to stop.
 */
export async function createPinoLogger(options: PinoLoggerOptions = {}): Promise<Logger> {
  const fd = options.fd ?? 1;
  const stream = options.readable === true ? await readableStream(fd) : jsonStream(fd);
  return loggerOn(stream, options.level);
}

/** The same on a stream of the caller's. */
export function loggerOn(stream: DestinationStream, level: Level = 'info'): Logger {
  return wrap(
    pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      stream,
    ),
  );
}

function jsonStream(fd: 1 | 2): DestinationStream {
  const stream = destination({ fd, sync: true });
  stream.on('error', () => {});
  return stream;
}

/** pino-pretty is loaded only here: a server in a container never needs it. */
async function readableStream(fd: 1 | 2): Promise<DestinationStream> {
  const { build } = await import('pino-pretty');
  const stream = build({
    destination: fd,
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'room',
  });
  stream.on('error', () => {});
  return stream;
}

/** Cuts pino down to what rooms see. */
function wrap(under: Pino): Logger {
  return {
    debug: (fields, message) => under.debug(fields, message),
    info: (fields, message) => under.info(fields, message),
    warn: (fields, message) => under.warn(fields, message),
    error: (fields, message) => under.error(fields, message),
    child: (bindings) => wrap(under.child({ ...bindings })),
  };
}
