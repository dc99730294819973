/** A hosts file on disk: read at once, then looked at again and again for changes. */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Logger } from '../../observe/logger.js';
import type { Clock, Timer } from '../forward/clock.js';

/** How a file is followed. */
export interface HostsFileOptions {
  readonly path: string;
  /** 0: never looked at again. */
  readonly reloadMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with each new text; the empty one when the file is gone. */
  onText(text: string): void;
}

/**
 * Follows one path. What the path leads to decides, so that a ConfigMap's symlink swap is a change. A
 * file that is not there is no fault: it is waited for.
 */
export class HostsFile {
  readonly #options: HostsFileOptions;
  #stamp: string | undefined;
  #timer: Timer | undefined;
  #closed = false;
  /** The failure that was logged last, so that it is logged once. */
  #failure: string | undefined;

  constructor(options: HostsFileOptions) {
    this.#options = options;
  }

  /** Reads the file before it returns, and starts to follow it. */
  open(): string {
    let text = '';
    try {
      this.#stamp = stampOf(statSync(this.#options.path));
      text = readFileSync(this.#options.path, 'utf8');
    } catch (error) {
      this.#stamp = undefined;
      this.#warn(error);
    }
    this.#schedule();
    return text;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { clock, reloadMs } = this.#options;
    if (reloadMs <= 0 || this.#closed) return;
    this.#timer = clock.after(reloadMs, () => {
      void this.#look().then(() => this.#schedule());
    });
  }

  async #look(): Promise<void> {
    const { path } = this.#options;
    try {
      // the stamp is older than the text: a change in between is seen the next time
      const stamp = stampOf(await stat(path));
      if (stamp === this.#stamp) return;
      const text = await readFile(path, 'utf8');
      this.#stamp = stamp;
      this.#failure = undefined;
      if (!this.#closed) this.#options.onText(text);
    } catch (error) {
      this.#warn(error);
      // unreadable for a moment is not gone: keep what was read
      if (!isMissing(error) || this.#stamp === undefined) return;
      this.#stamp = undefined;
      if (!this.#closed) this.#options.onText('');
    }
  }

  #warn(error: unknown): void {
    const failure = error instanceof Error ? error.message : String(error);
    if (failure === this.#failure) return;
    this.#failure = failure;
    const { path, logger } = this.#options;
    logger.warn({ err: error, file: path }, 'the hosts file cannot be read');
  }
}

function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev}/${ino}/${size}/${mtimeMs}/${ctimeMs}`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
