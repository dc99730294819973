/** Writes one line per query to the log: which ones, and how, by the rules of the directive. */
import type { Handler } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { replyLimits } from '../../chain/reply-limits.js';
import { writeReply } from '../../chain/reply-writer.js';
import { isInZone } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { RCODE_MASK } from '../../wire/header.js';
import { decodeMessage } from '../../wire/message.js';
import type { DataEnvironment } from '../plugin.js';
import type { LogClass, LogOptions } from './directive.js';
import { type LoggedQuery, logFormat } from './format.js';

/** The answering part of `log`: looks at what comes back, and changes nothing. */
export function logHandler(
  options: LogOptions,
  environment: Pick<DataEnvironment, 'logger' | 'now'>,
): Handler {
  const logger = environment.logger.child({ plugin: 'log' });
  const rules = options.rules.map((rule) => ({ ...rule, line: logFormat(rule.format) }));
  return {
    name: 'log',
    async handle(query, next) {
      // what the server asks itself on behalf of a query is no query of a client
      if (query.depth > 0) return next(query);
      const rule = rules.find(({ zone }) => isInZone(query.key, zone));
      if (rule === undefined) return next(query);
      const start = environment.now();
      const write = (reply: Reply): void => {
        const logged = loggedQuery(query, reply, environment.now() - start);
        if (isWanted(rule.classes, logged)) logger.info({}, rule.line(logged));
      };
      let reply: Reply;
      try {
        reply = await next(query);
      } catch (error) {
        // SERVFAIL is what it will become in front of us
        write(recordsReply(RCODE.SERVFAIL));
        throw error;
      }
      write(reply);
      return reply;
    },
  };
}

/** Writes the reply as it will be sent, as far as can be known here, for its size and flags. */
function loggedQuery(query: Query, reply: Reply, durationMs: number): LoggedQuery {
  if (reply.kind === 'drop') return { query, reply: undefined, rcode: undefined, durationMs };
  const bytes = writeReply(query, reply, replyLimits(query));
  const rcode = reply.kind === 'records' ? reply.rcode : (bytes[3] ?? 0) & RCODE_MASK;
  return { query, reply: bytes, rcode, durationMs };
}

function isWanted(classes: readonly LogClass[], logged: LoggedQuery): boolean {
  return classes.includes('all') || classes.includes(classOf(logged));
}

/** `success` with answer records or a referral, `denial` without or NXDOMAIN, `error` for the rest. */
function classOf({ rcode, reply }: LoggedQuery): LogClass {
  if (reply === undefined || rcode === undefined) return 'error';
  if (rcode === RCODE.NXDOMAIN) return 'denial';
  if (rcode !== RCODE.NOERROR) return 'error';
  const sent = decodeMessage(reply);
  if (sent === undefined) return 'error';
  const referral = sent.authority.length > 0 && sent.authority.every((r) => r.type === RRTYPE.NS);
  return sent.answer.length > 0 || referral || sent.truncated ? 'success' : 'denial';
}
