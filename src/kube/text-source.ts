/** A secret or certificate as text: fixed, or read again from its file because somebody rotates it. */
import { readFile } from 'node:fs/promises';
import { SvcdnsError } from '../errors.js';
import type { KubeClock } from './kube-clock.js';

/** How long a file's content is taken as current; the kubelet rotates tokens at 80 % of their lifetime. */
const FILE_FRESH_MS = 10_000;

export interface TextSource {
  /** @throws SvcdnsError KUBE_CREDENTIALS when there is no text and never was. */
  read(): Promise<string>;
  /** The next read goes to the file whatever its age. */
  expire(): void;
}

export function fixedText(text: string): TextSource {
  return { read: async () => text, expire: () => {} };
}

/** A file that is read again at most every {@link FILE_FRESH_MS}; its last content outlives its loss. */
export class RotatingFile implements TextSource {
  readonly #path: string;
  readonly #clock: KubeClock;
  #text: string | undefined;
  #readAt = 0;

  constructor(path: string, clock: KubeClock) {
    this.#path = path;
    this.#clock = clock;
  }

  async read(): Promise<string> {
    const now = this.#clock.now();
    if (this.#text !== undefined && now - this.#readAt < FILE_FRESH_MS) return this.#text;
    try {
      const text = await readFile(this.#path, 'utf8');
      // a file that is being replaced can be empty for a moment
      if (text.trim() === '') throw new Error('the file is empty');
      this.#text = text;
    } catch (cause) {
      if (this.#text === undefined) throw unreadable(this.#path, cause);
    }
    this.#readAt = now;
    return this.#text;
  }

  expire(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }
}

function unreadable(path: string, cause: unknown): SvcdnsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SvcdnsError('KUBE_CREDENTIALS', `can't read credentials: ${reason}`, {
    where: path,
    mend: 'check that the file exists and that this user may read it',
    cause,
  });
}
