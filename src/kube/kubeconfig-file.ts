/** Reading of kubeconfig files: YAML to named clusters, users and contexts, merged as kubectl merges them. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { type Place, SvcdnsError } from '../errors.js';
import { asArray, asObject, type JsonObject, objectAt, textAt } from './json-value.js';

/** An entry with the file that it stands in, against whose folder its paths are resolved. */
export interface KubeconfigEntry {
  readonly name: string;
  readonly file: string;
  readonly value: JsonObject;
}

/** The parts of one or several kubeconfig files; of two entries with one name the first counts. */
export interface Kubeconfig {
  /** Where faults of the whole are reported. */
  readonly file: string;
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, KubeconfigEntry>;
  readonly users: ReadonlyMap<string, KubeconfigEntry>;
  readonly contexts: ReadonlyMap<string, KubeconfigEntry>;
}

/**
 * Reads and merges files; of several (from $KUBECONFIG) those that don't exist are passed over.
 * @throws SvcdnsError KUBECONFIG_INVALID with the file, and the line where the YAML is broken.
 */
export async function readKubeconfig(files: readonly string[]): Promise<Kubeconfig> {
  const parsed: ParsedFile[] = [];
  for (const file of files) {
    const text = await readText(file, files.length > 1);
    if (text !== undefined) parsed.push(parseFile(file, text));
  }
  const [first] = parsed;
  if (first === undefined) {
    throw invalid(files.join(':'), 'none of the files exists', 'name a kubeconfig that exists');
  }
  return {
    file: first.file,
    currentContext: parsed.map((one) => one.currentContext).find((name) => name !== '') ?? '',
    clusters: merge(parsed.map((one) => one.clusters)),
    users: merge(parsed.map((one) => one.users)),
    contexts: merge(parsed.map((one) => one.contexts)),
  };
}

/** An absolute path, relative ones counted from the folder of the entry's file. */
export function pathOf(entry: KubeconfigEntry, path: string): string {
  return resolve(dirname(entry.file), path);
}

/** A fault of a kubeconfig. */
export function invalid(
  where: Place | string,
  message: string,
  mend: string,
  cause?: unknown,
): SvcdnsError {
  return new SvcdnsError('KUBECONFIG_INVALID', message, {
    where,
    mend,
    ...(cause === undefined ? {} : { cause }),
  });
}

interface ParsedFile {
  readonly file: string;
  readonly currentContext: string;
  readonly clusters: readonly KubeconfigEntry[];
  readonly users: readonly KubeconfigEntry[];
  readonly contexts: readonly KubeconfigEntry[];
}

async function readText(file: string, mayBeMissing: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (missing && mayBeMissing) return undefined;
    const message = missing ? 'the file does not exist' : "the file can't be read";
    throw invalid(file, message, 'name a kubeconfig that this user may read', cause);
  }
}

function parseFile(file: string, text: string): ParsedFile {
  const document = parseDocument(text, { logLevel: 'silent' });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const line = fault.linePos?.[0].line ?? 1;
    const message = fault.message.split('\n')[0]?.replace(/ at line .*$/, '') ?? 'broken YAML';
    throw invalid({ file, line }, message, 'mend the YAML', fault);
  }
  const root = asObject(toJs(file, document));
  if (root === undefined) throw invalid(file, 'it holds no mapping', 'give a kubeconfig');
  const kind = textAt(root, 'kind');
  if (kind !== '' && kind !== 'Config') {
    throw invalid(file, `it is a ${kind}, not a Config`, 'give a kubeconfig');
  }
  return {
    file,
    currentContext: textAt(root, 'current-context'),
    clusters: entries(root, 'clusters', 'cluster', file),
    users: entries(root, 'users', 'user', file),
    contexts: entries(root, 'contexts', 'context', file),
  };
}

function toJs(file: string, document: ReturnType<typeof parseDocument>): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return value;
  } catch (cause) {
    throw invalid(file, 'its YAML aliases are too many', 'write the values out', cause);
  }
}

function entries(root: JsonObject, list: string, field: string, file: string): KubeconfigEntry[] {
  const out: KubeconfigEntry[] = [];
  for (const item of asArray(root[list])) {
    const entry = asObject(item);
    const name = entry === undefined ? '' : textAt(entry, 'name');
    if (entry === undefined || name === '') {
      throw invalid(file, `an entry under ${list} has no name`, `give each entry a name`);
    }
    out.push({ name, file, value: objectAt(entry, field) });
  }
  return out;
}

function merge(lists: readonly (readonly KubeconfigEntry[])[]): Map<string, KubeconfigEntry> {
  const merged = new Map<string, KubeconfigEntry>();
  for (const entry of lists.flat()) if (!merged.has(entry.name)) merged.set(entry.name, entry);
  return merged;
}
