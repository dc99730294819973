/** The edge of the room: a Corefile from disk to its plan. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { SvcdnsError } from '../errors.js';
import type { Plugin } from '../plugins/plugin.js';
import { globFiles } from './glob.js';
import { parseCorefile } from './parser.js';
import { type PlanResult, planCorefile } from './planner.js';
import type { Environment } from './variables.js';

/** What a Corefile on disk is read with. */
export interface LoadOptions {
  /** For `{$NAME}`. */
  readonly env: Environment;
  readonly registry: ReadonlyMap<string, Plugin<unknown>>;
  /** Port of keys that name neither a port nor a scheme; 53 by default. */
  readonly defaultPort?: number;
  /** Folder against which `path` and its imports are resolved; the process's own by default. */
  readonly cwd?: string;
}

/** Reads, parses and plans a Corefile. Nothing is thrown for what is wrong with it or its imports. */
export function loadPlan(path: string, options: LoadOptions): PlanResult {
  const cwd = options.cwd ?? process.cwd();
  let text: string;
  try {
    text = readText(resolve(cwd, path));
  } catch (cause) {
    return { faults: [notFound(path, cause)] };
  }
  return planText(text, path, options);
}

/** The same for a text that is at hand; `file` names it in places and is the base of its imports. */
export function planText(text: string, file: string, options: LoadOptions): PlanResult {
  const cwd = options.cwd ?? process.cwd();
  const parsed = parseCorefile(text, {
    file,
    env: options.env,
    readFile: (path) => readText(resolve(cwd, path)),
    glob: (pattern) => {
      const files = globFiles(resolve(cwd, pattern));
      return isAbsolute(pattern) ? files : files.map((path) => relative(cwd, path));
    },
  });
  return planCorefile(parsed, {
    file,
    directory: dirname(resolve(cwd, file)),
    registry: options.registry,
    defaultPort: options.defaultPort ?? 53,
    readFile: readText,
  });
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

function notFound(path: string, cause: unknown): SvcdnsError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') {
    return new SvcdnsError('COREFILE_NOT_FOUND', `there is no Corefile ${path}`, {
      mend: 'name it with -conf FILE',
      cause,
    });
  }
  return new SvcdnsError('FILE_UNREADABLE', `cannot read the Corefile ${path}`, {
    mend: 'check that it is a file and that the server may read it',
    cause,
  });
}
