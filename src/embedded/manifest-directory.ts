/** Keeps the embedded cluster as a directory of manifests says, while its files change. */
import { type FSWatcher, watch } from 'node:fs';
import { type Place, SvcdnsError } from '../errors.js';
import { ApiError } from './api-error.js';
import type { EmbeddedApi } from './embedded-api.js';
import { type JsonObject, sameJson, textAt } from './json.js';
import { type ManifestObject, parseManifest } from './manifest-file.js';
import { readManifests } from './manifest-files.js';
import { resourceOfManifest } from './resource-type.js';

/** What a reading of the directory changed. */
export interface ManifestChange {
  readonly applied: number;
  readonly deleted: number;
}

export interface ManifestDirectoryOptions {
  readonly directory: string;
  readonly api: EmbeddedApi;
  /** Gets each fault: one line of it is meant for the operator. The old state stays. */
  onFault(fault: SvcdnsError): void;
  /** Called after each reading that changed something or met a fault. */
  onChange?(change: ManifestChange): void;
}

/** Editors write a file in several steps; the reading waits until they are through. */
const QUIET_MS = 50;

/** An object that the directory wants, where it says so. */
interface Wanted {
  readonly object: JsonObject;
  readonly namespace: string;
  readonly place: Place;
}

export class ManifestDirectory {
  readonly #options: ManifestDirectoryOptions;
  /** The last sound content of each file. */
  readonly #sound = new Map<string, readonly ManifestObject[]>();
  /** Manifests as they were applied, by identity. */
  readonly #applied = new Map<string, Wanted>();
  /** Faults that were told already; a file that stays broken is told once. */
  #told = new Set<string>();
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ManifestDirectoryOptions) {
    this.#options = options;
  }

  /** Reads the directory now and applies what changed since the last time. */
  load(): ManifestChange {
    const faults: SvcdnsError[] = [];
    const wanted = this.#read(faults);
    let applied = 0;
    for (const [key, manifest] of wanted) {
      const before = this.#applied.get(key);
      if (before !== undefined && sameJson(before.object, manifest.object)) continue;
      const fault = this.#apply(manifest);
      if (fault === undefined) {
        this.#applied.set(key, manifest);
        applied += 1;
      } else faults.push(fault);
    }
    const deleted = this.#deleteUnwanted(wanted);
    this.#tell(faults);
    if (applied + deleted + faults.length > 0) this.#options.onChange?.({ applied, deleted });
    return { applied, deleted };
  }

  /** Applies later changes of the files live, until {@link close}. */
  watch(): void {
    // Watches first, reads after that: nothing is missed in between.
    this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  /** The objects that the files want, namespaces first; broken files count as they were. */
  #read(faults: SvcdnsError[]): Map<string, Wanted> {
    const { files, folders } = readManifests(this.#options.directory);
    const all: Wanted[] = folders.map(({ path, namespace }) => ({
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      namespace: '',
      place: { file: path, line: 1 },
    }));
    for (const { file, text, namespace } of files) {
      try {
        this.#sound.set(file, parseManifest(text, file));
      } catch (error) {
        if (!(error instanceof SvcdnsError)) throw error;
        faults.push(error);
      }
      for (const { object, place } of this.#sound.get(file) ?? []) {
        all.push({
          object,
          place,
          namespace: textAt(object, 'metadata', 'namespace') || namespace,
        });
      }
    }
    const present = new Set(files.map(({ file }) => file));
    for (const file of this.#sound.keys()) if (!present.has(file)) this.#sound.delete(file);
    return this.#index(all, faults);
  }

  #index(all: readonly Wanted[], faults: SvcdnsError[]): Map<string, Wanted> {
    const isNamespace = ({ object }: Wanted): boolean => object['kind'] === 'Namespace';
    const wanted = new Map<string, Wanted>();
    for (const entry of [...all.filter(isNamespace), ...all.filter((one) => !isNamespace(one))]) {
      const key = identityOf(entry);
      const other = wanted.get(key);
      // A folder and a manifest may both name the namespace.
      if (other === undefined || isNamespace(entry)) wanted.set(key, entry);
      else {
        const where = `${other.place.file}:${other.place.line}`;
        faults.push(invalidManifest(entry, `the object is in ${where} as well`));
      }
    }
    return wanted;
  }

  #apply(manifest: Wanted): SvcdnsError | undefined {
    const { api } = this.#options;
    try {
      api.apply(manifest.object, manifest.namespace);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const kind = textAt(manifest.object, 'kind');
      const name = textAt(manifest.object, 'metadata', 'name');
      const fixed = kind === 'Pod' && api.get(kind, manifest.namespace, name) !== undefined;
      if (!fixed || error.reason !== 'Invalid') return invalidManifest(manifest, error.message);
      // Hardly a field of a pod may change; another pod takes its place.
      return this.#replacePod(manifest, name);
    }
    return undefined;
  }

  #replacePod(manifest: Wanted, name: string): SvcdnsError | undefined {
    const { api } = this.#options;
    const before = api.get('Pod', manifest.namespace, name);
    api.delete('Pod', manifest.namespace, name);
    try {
      api.apply(manifest.object, manifest.namespace);
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (before !== undefined) api.apply(before, manifest.namespace);
      return invalidManifest(manifest, error.message);
    }
  }

  #deleteUnwanted(wanted: ReadonlyMap<string, Wanted>): number {
    let deleted = 0;
    for (const [key, { object, namespace }] of [...this.#applied]) {
      if (wanted.has(key)) continue;
      this.#applied.delete(key);
      try {
        const kind = textAt(object, 'kind');
        this.#options.api.delete(kind, namespace, textAt(object, 'metadata', 'name'));
        deleted += 1;
      } catch (error) {
        // Gone already: with its namespace, or by somebody's hand.
        if (!(error instanceof ApiError)) throw error;
      }
    }
    return deleted;
  }

  #tell(faults: readonly SvcdnsError[]): void {
    const told = new Set(faults.map((fault) => fault.line));
    for (const fault of faults) {
      if (!this.#told.has(fault.line)) this.#options.onFault(fault);
    }
    this.#told = told;
  }

  /** Watches the directory and its folders; new folders are met at the next reading. */
  #rewatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    const { directory } = this.#options;
    const paths = [directory];
    try {
      paths.push(...readManifests(directory).folders.map(({ path }) => path));
    } catch {
      // The reading tells what is wrong with the directory.
    }
    this.#watchers = paths.flatMap((path) => this.#watchPath(path));
  }

  #watchPath(path: string): FSWatcher[] {
    try {
      const watcher = watch(path, () => this.#schedule());
      watcher.on('error', () => this.#schedule());
      return [watcher];
    } catch {
      // Gone between listing and watching; its parent's event leads to the next reading.
      return [];
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#rewatch();
      try {
        this.load();
      } catch (error) {
        if (!(error instanceof SvcdnsError)) throw error;
        this.#tell([error]);
      }
    }, QUIET_MS);
  }
}

function identityOf({ object, namespace }: Wanted): string {
  const kind = textAt(object, 'kind');
  const type = resourceOfManifest(textAt(object, 'apiVersion'), kind);
  const home = type?.namespaced === false ? '' : namespace;
  return `${kind} ${home}/${textAt(object, 'metadata', 'name')}`;
}

function invalidManifest({ object, place }: Wanted, message: string): SvcdnsError {
  const subject = `${textAt(object, 'kind')} ${textAt(object, 'metadata', 'name')}`;
  return new SvcdnsError('MANIFEST_INVALID', `${subject}: ${message}`, {
    where: place,
    mend: 'the object stays as it was until the manifest is mended',
  });
}
