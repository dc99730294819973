/** The answering part of the cancel directive: late replies are not sent, nobody waits for them any more. */
import type { Handler } from '../../chain/handler.js';
import { DROP, type Reply } from '../../chain/reply.js';
import type { Clock } from '../forward/clock.js';
import type { CancelOptions } from './directive.js';

export function cancelHandler({ timeoutMs }: CancelOptions, clock: Clock): Handler {
  return {
    name: 'cancel',
    handle(query, next) {
      return new Promise<Reply>((resolve, reject) => {
        const timer = clock.after(timeoutMs, () => {
          query.trace?.step('cancel', 'too late for an answer', { timeoutMs });
          resolve(DROP);
        });
        next(query)
          .then(resolve, reject)
          .finally(() => timer.cancel());
      });
    },
  };
}
