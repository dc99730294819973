/** Logs why queries could not be answered, and gathers floods of one kind to one line. */
import type { Handler } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { RCODE } from '../../dns/rcode.js';
import { rrtypeName } from '../../dns/rrtype.js';
import type { Logger, LogMethod } from '../../observe/logger.js';
import type { DataEnvironment } from '../plugin.js';
import type { ConsolidateRule, ErrorsOptions } from './directive.js';

/**
 * The answering part of `errors`. What counts as an error is a handler behind it that rejects (answered
 * SERVFAIL, and not logged again), and a SERVFAIL that carries its reason as extended error.
 */
export function errorsHandler(
  options: ErrorsOptions,
  environment: Pick<DataEnvironment, 'logger'>,
): Handler {
  const logger = environment.logger.child({ plugin: 'errors' });
  const gathered = options.consolidate.map((rule) => new GatheredErrors(rule, logger));
  const report = (query: Query, text: string, error?: unknown): void => {
    const line = `${RCODE.SERVFAIL} ${query.key} ${rrtypeName(query.qtype)}: ${text}`;
    const rule = gathered.find((candidate) => candidate.matches(text));
    if (rule === undefined) logger.error(error === undefined ? {} : { err: error }, line);
    else rule.count(line);
  };
  return {
    name: 'errors',
    async handle(query, next) {
      try {
        const reply = await next(query);
        const reason = reasonOf(reply);
        if (reason !== undefined) report(query, reason);
        return reply;
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        report(query, text, options.stacktrace ? error : undefined);
        return recordsReply(RCODE.SERVFAIL);
      }
    },
    async close() {
      for (const rule of gathered) rule.close();
    },
  };
}

/** Why a reply is SERVFAIL, where it says so. */
function reasonOf(reply: Reply): string | undefined {
  if (reply.kind !== 'records' || reply.rcode !== RCODE.SERVFAIL) return undefined;
  return reply.extendedError?.text;
}

/** The errors of one `consolidate` rule: counted from the first on, told when its time is over. */
class GatheredErrors {
  readonly #rule: ConsolidateRule;
  readonly #pattern: RegExp;
  readonly #log: LogMethod;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(rule: ConsolidateRule, logger: Logger) {
    this.#rule = rule;
    this.#pattern = new RegExp(rule.pattern.source, rule.pattern.flags);
    this.#log = logger[rule.level === 'warning' ? 'warn' : rule.level];
  }

  matches(text: string): boolean {
    return this.#pattern.test(text);
  }

  count(line: string): void {
    this.#count += 1;
    if (this.#count > 1) return;
    this.#timer = setTimeout(() => this.#tell(), this.#rule.periodMs);
    this.#timer.unref();
    if (this.#rule.showFirst) this.#log({}, line);
  }

  /** Tells what was counted so far. */
  close(): void {
    clearTimeout(this.#timer);
    this.#tell();
  }

  #tell(): void {
    const count = this.#count;
    this.#count = 0;
    // the only one of its period was told when it came
    if (count === 0 || (count === 1 && this.#rule.showFirst)) return;
    const seconds = this.#rule.periodMs / 1000;
    const pattern = this.#rule.pattern.source;
    this.#log({ count }, `${count} errors like '${pattern}' occurred in last ${seconds}s`);
  }
}
