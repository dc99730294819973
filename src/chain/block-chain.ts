/** A server block's handlers, one behind the other. */
import { RCODE } from '../dns/rcode.js';
import type { Handler, Next } from './handler.js';
import { recordsReply } from './reply.js';

/** The place behind the last handler: nobody had an answer. */
const END: Next = async (query) => {
  query.trace?.step('chain', 'end of the chain', { rcode: 'SERVFAIL' });
  return recordsReply(RCODE.SERVFAIL, {
    extendedError: { code: 0, text: 'no directive of the server block answers this name' },
  });
};

/** A block without any handler serves nobody. */
const EMPTY: Next = async () =>
  recordsReply(RCODE.REFUSED, {
    extendedError: { code: 20, text: 'the server block has no directive that answers' },
  });

/**
 * The handlers of a block as one function. A handler's rejection passes through those in front of it, so
 * that they can see it; the caller turns it into SERVFAIL.
 */
export function blockChain(handlers: readonly Handler[]): Next {
  if (handlers.length === 0) return EMPTY;
  return handlers.reduceRight<Next>(
    (next, handler) => async (query) => {
      query.trace?.step('chain', handler.name);
      return handler.handle(query, next);
    },
    END,
  );
}
