/** Waiting on a condition with a deadline, for things that come true by themselves. */
import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Default 30 s: a controller on a busy machine of two cores. */
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

/**
 * Calls `attempt` until it no longer throws and gives its result.
 *
 * @throws what the last attempt threw, once the deadline has passed.
 */
export async function eventually<Result>(
  attempt: () => Result | Promise<Result>,
  options: EventuallyOptions = {},
): Promise<Result> {
  const deadline = Date.now() + (options.timeoutMs ?? 30_000);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await delay(options.intervalMs ?? 50);
  }
}
