/** Finds the manifest files of a directory; a folder in it is a namespace. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { SvcdnsError } from '../errors.js';

/** A file as it is on disk now. */
export interface ManifestText {
  readonly file: string;
  readonly text: string;
  /** For objects that name none: `default`, or the name of the folder. */
  readonly namespace: string;
}

/** The directory's files and the folders that stand for namespaces. */
export interface ManifestListing {
  readonly files: readonly ManifestText[];
  readonly folders: readonly { readonly path: string; readonly namespace: string }[];
}

const EXTENSIONS: readonly string[] = ['.yaml', '.yml', '.json'];

/**
 * Reads every `.yaml`, `.yml` and `.json` file, in the order of their names. Names that begin with
 * a dot are left out: a mounted ConfigMap keeps its data below `..data`.
 *
 * @throws SvcdnsError FILE_UNREADABLE
 */
export function readManifests(directory: string): ManifestListing {
  const files: ManifestText[] = [];
  const folders: { path: string; namespace: string }[] = [];
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    const kind = kindOf(path);
    if (kind === 'folder') {
      folders.push({ path, namespace: name });
      for (const inner of namesIn(path)) {
        const file = join(path, inner);
        if (isManifest(file)) files.push(readFile(file, name));
      }
    } else if (kind === 'file' && isManifest(path)) files.push(readFile(path, 'default'));
  }
  return { files: files.filter((file) => file.text !== ''), folders };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => !name.startsWith('.'))
      .toSorted();
  } catch (cause) {
    throw unreadable(directory, cause);
  }
}

/** Follows symbolic links; undefined for what is gone again. */
function kindOf(path: string): 'file' | 'folder' | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return stats.isDirectory() ? 'folder' : 'file';
}

function isManifest(path: string): boolean {
  return EXTENSIONS.includes(extname(path)) && kindOf(path) === 'file';
}

function readFile(file: string, namespace: string): ManifestText {
  try {
    return { file, namespace, text: readFileSync(file, 'utf8') };
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(path: string, cause: unknown): SvcdnsError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  return new SvcdnsError('FILE_UNREADABLE', `the manifests cannot be read: ${code}`, {
    where: path,
    mend: 'name a readable folder behind --manifests',
    cause,
  });
}
