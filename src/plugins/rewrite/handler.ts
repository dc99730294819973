/** The answering part of the rewrite directive: changes questions on their way in, replies on their way out. */
import type { Handler, Next } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { withQuestion } from '../../chain/query-parser.js';
import { type RecordsReply, type Reply, recordsReply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { isName } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import type { DataEnvironment } from '../plugin.js';
import { aliasChange } from './alias-change.js';
import { withEdnsOption } from './edns-change.js';
import {
  type NameReplacer,
  nameReplacer,
  nameTest,
  renaming,
  reversedSuffix,
} from './name-change.js';
import type { NameChange, RewriteAction, RewriteOptions } from './options.js';
import {
  ownerChange,
  type ReplyChange,
  rcodeChange,
  ttlChange,
  valueChange,
} from './reply-change.js';

/** What a rule made of a query. */
interface Applied {
  readonly query: Query;
  /** What is to be done to the reply, in this order. */
  readonly changes: readonly ReplyChange[];
}

/** A rule ready to be used; undefined: it does not match. */
type AppliedRule = (query: Query) => Applied | 'invalid' | undefined;

type Resolve = DataEnvironment['resolve'];

/** The answering part. */
export function rewriteHandler(
  { rules }: RewriteOptions,
  environment: Pick<DataEnvironment, 'resolve'>,
): Handler {
  const ready = rules.map(({ goesOn, action }) => ({
    goesOn,
    apply: appliedRule(action, (query) => environment.resolve(query)),
  }));
  return {
    name: 'rewrite',
    async handle(query: Query, next: Next): Promise<Reply> {
      let current = query;
      const changes: ReplyChange[] = [];
      for (const { goesOn, apply } of ready) {
        const applied = apply(current);
        if (applied === 'invalid') return NO_NAME;
        if (applied === undefined) continue;
        current = applied.query;
        // the reply takes the way back: what was done last is undone first
        changes.unshift(...applied.changes);
        if (!goesOn) break;
      }
      if (current === query && changes.length === 0) return next(query);
      return changedReply(query, current, await next(current), changes);
    },
  };
}

const NO_NAME: Reply = recordsReply(RCODE.SERVFAIL, {
  extendedError: { code: 0, text: 'rewrite makes no valid name of the question' },
});

async function changedReply(
  asked: Query,
  current: Query,
  reply: Reply,
  changes: readonly ReplyChange[],
): Promise<Reply> {
  const sameQuestion =
    asked.key === current.key && asked.qtype === current.qtype && asked.qclass === current.qclass;
  if (reply.kind === 'drop' || (sameQuestion && changes.length === 0)) return reply;
  let records: RecordsReply | undefined = replyRecords(reply, current.qname);
  if (records === undefined) return recordsReply(RCODE.SERVFAIL);
  for (const change of changes) records = await change(records);
  // what was validated was another answer
  return { ...records, authenticData: false };
}

function appliedRule(action: RewriteAction, resolve: Resolve): AppliedRule {
  switch (action.field) {
    case 'name':
      return nameRule(action);
    case 'type':
      return (query) =>
        query.qtype === action.from
          ? { query: withQuestion(query, { qtype: action.to }), changes: [] }
          : undefined;
    case 'class':
      return (query) =>
        query.qclass === action.from
          ? { query: withQuestion(query, { qclass: action.to }), changes: [] }
          : undefined;
    case 'ttl': {
      const isMeant = nameTest(action.match);
      const changes = [ttlChange(action.minSeconds, action.maxSeconds)];
      return (query) => (isMeant(query.key) ? { query, changes } : undefined);
    }
    case 'rcode': {
      const isMeant = nameTest(action.match);
      const changes = [rcodeChange(action.from, action.to)];
      return (query) => (isMeant(query.key) ? { query, changes } : undefined);
    }
    case 'cname': {
      const replace = nameReplacer(action.change);
      return (query) => ({ query, changes: [aliasChange(replace, query, resolve)] });
    }
    case 'edns0':
      return (query) => {
        const changed = withEdnsOption(query, action.action, action.option);
        return changed && { query: changed, changes: [] };
      };
  }
}

function nameRule({
  change,
  auto,
  answers,
}: Extract<RewriteAction, { field: 'name' }>): AppliedRule {
  const replace = nameReplacer(change);
  const explicit = answers.map(({ part, change: answer }) =>
    part === 'name' ? ownerChange(nameReplacer(answer)) : valueChange(nameReplacer(answer)),
  );
  return (query) => {
    const name = replace(query.key);
    if (name === undefined) return undefined;
    if (!isName(name)) {
      query.trace?.step('rewrite', 'no valid name', { from: query.key, to: name });
      return 'invalid';
    }
    query.trace?.step('rewrite', 'name', { from: query.key, to: name });
    const back = auto ? wayBack(change, query.key, name) : undefined;
    const own = back === undefined ? [] : [ownerChange(back), valueChange(back)];
    return { query: withQuestion(query, { qname: name }), changes: [...own, ...explicit] };
  };
}

/** How names in the reply are turned back: all of a suffix, otherwise the one name that was asked. */
function wayBack(change: NameChange, asked: string, name: string): NameReplacer {
  if (change.kind === 'suffix') return reversedSuffix(change.from, change.to);
  return renaming(name, asked);
}
