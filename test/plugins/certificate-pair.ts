/** A self-signed pair on disk, and the directive that names it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export class CertificatePair {
  readonly folder: string;
  readonly cert: string;
  readonly key: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.cert = join(folder, 'tls.crt');
    this.key = join(folder, 'tls.key');
  }

  static async make(): Promise<CertificatePair> {
    const made = await generate([{ name: 'commonName', value: 'dns.example.org' }]);
    const pair = new CertificatePair(await mkdtemp(join(tmpdir(), 'svcdns-pair-')));
    await writeFile(pair.cert, made.cert);
    await writeFile(pair.key, made.private);
    return pair;
  }

  /** `tls CERT KEY`. */
  get directive(): string {
    return `tls ${this.cert} ${this.key}`;
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
