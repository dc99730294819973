/** A command's surroundings in memory: what it wrote can be looked at. */
import type { CommandIo } from '../../src/cli/command.js';

export interface MemoryIo extends CommandIo {
  readonly out: () => string;
  readonly err: () => string;
}

export function memoryIo(cwd: string, env: Record<string, string> = {}): MemoryIo {
  let out = '';
  let err = '';
  return {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    env,
    cwd,
    terminal: false,
    signal: new AbortController().signal,
    onReload: () => () => {},
    out: () => out,
    err: () => err,
  };
}
