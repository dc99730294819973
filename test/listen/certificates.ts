/** Certificates in a folder of their own, laid out as a Secret's volume: `..data` is swapped. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { CertificateFiles } from '../../src/listen/tls-settings.js';

/** A self-signed pair as PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export async function selfSigned(name: string): Promise<Pair> {
  const pair = await generate([{ name: 'commonName', value: name }]);
  return { cert: pair.cert, key: pair.private };
}

export class SecretVolume {
  readonly files: CertificateFiles;
  readonly #folder: string;
  #generation = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  }

  static async with(pair: Pair): Promise<SecretVolume> {
    const folder = await mkdtemp(join(tmpdir(), 'svcdns-tls-'));
    const volume = new SecretVolume(folder);
    await volume.swap(pair);
    await symlink('..data/tls.crt', volume.files.cert);
    await symlink('..data/tls.key', volume.files.key);
    return volume;
  }

  /** As the kubelet does: a new folder, then the link to it renamed into place. */
  async swap({ cert, key }: Pair): Promise<void> {
    this.#generation += 1;
    const name = `..${this.#generation}`;
    const folder = join(this.#folder, name);
    await mkdir(folder);
    await writeFile(join(folder, 'tls.crt'), cert);
    await writeFile(join(folder, 'tls.key'), key);
    await symlink(name, join(this.#folder, '..data_tmp'));
    await rename(join(this.#folder, '..data_tmp'), join(this.#folder, '..data'));
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
