/** Time and chance as the kube room sees them, so that tests can turn the hands themselves. */
import { performance } from 'node:perf_hooks';

export interface KubeClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Wall-clock milliseconds since 1970. */
  wallClock(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Runs `task` once after `delayMs`; the function that comes back takes it off again. */
  after(delayMs: number, task: () => void): () => void;
  /** Lets the event loop serve everything else that is waiting. */
  breathe(): Promise<void>;
}

/** The machine's own clock. */
export function systemKubeClock(): KubeClock {
  return {
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => Math.random(),
    after: (delayMs, task) => {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

/** Waits `delayMs`, or until the signal aborts or `wake` is called, whichever comes first. */
export function interruptibleWait(
  clock: KubeClock,
  delayMs: number,
  signal: AbortSignal,
): { readonly done: Promise<void>; wake(): void } {
  let wake: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(delayMs, finish);
    signal.addEventListener('abort', finish);
    wake = finish;
  });
  return { done, wake };
}
