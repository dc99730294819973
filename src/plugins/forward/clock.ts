/** Time as the forward and cache rooms use it: handed in, so that a test moves it by hand. */

/** A pending call. */
export interface Timer {
  /** Nothing happens when it has run already. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Runs `run` once after `delayMs`; never holds the process alive. */
  after(delayMs: number, run: () => void): Timer;
}

/** The clock of the machine; `now` is the environment's. */
export function systemClock(now: () => number): Clock {
  return {
    now,
    after(delayMs, run) {
      const timer = setTimeout(run, Math.max(0, Math.ceil(delayMs)));
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
