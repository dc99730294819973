/** The process around the command line, called by bin/svcdns: the only reader of argv, environment and signals. */
import type { CommandIo } from './command.js';
import { dispatch } from './dispatch.js';

/** Runs the command line of this process and ends it with the command's exit code. */
export async function main(): Promise<void> {
  // a reader that went away (`| head`) is no fault of ours
  process.stdout.on('error', endQuietly);
  process.stderr.on('error', endQuietly);
  const code = await dispatch(process.argv.slice(2), processIo());
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

function processIo(): CommandIo {
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    terminal: process.stdout.isTTY === true,
    signal: stopSignal(),
    onReload: (listener) => {
      // a listener takes SIGUSR1 away from node's inspector, which only a command that reloads wants
      process.on('SIGHUP', listener);
      process.on('SIGUSR1', listener);
      return () => {
        process.off('SIGHUP', listener);
        process.off('SIGUSR1', listener);
      };
    },
  };
}

/** Aborted by the first SIGINT or SIGTERM; the second ends the process as the signal itself would. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals, exitCode: number): void => {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort(signal);
    });
  };
  stop('SIGINT', 130);
  stop('SIGTERM', 143);
  return controller.signal;
}

function endQuietly(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') process.exit(0);
  throw error;
}
