/** The answering part of the loadbalance directive: every order of a name's addresses is as likely as any. */
import type { Handler } from '../../chain/handler.js';
import type { Reply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { RRTYPE } from '../../dns/rrtype.js';
import { networkFromText } from '../network.js';
import type { DataEnvironment } from '../plugin.js';
import { reorderedBytes } from './bytes-order.js';
import type { LoadbalanceOptions } from './directive.js';
import { type RecordOrder, reordered } from './record-order.js';

/** SRV records and others stay as they came. Messages stay bytes where that is possible. */
export function loadbalanceHandler(
  { prefer }: LoadbalanceOptions,
  environment: Pick<DataEnvironment, 'random'>,
): Handler {
  const order: RecordOrder = {
    prefer: prefer.map(networkFromText).filter((network) => network !== undefined),
    random: () => environment.random(),
  };
  return {
    name: 'loadbalance',
    async handle(query, next) {
      const reply = await next(query);
      // a zone has an order of its own
      if (query.qtype === RRTYPE.AXFR || query.qtype === RRTYPE.IXFR) return reply;
      return balanced(reply, query.qname, order);
    },
  };
}

function balanced(reply: Reply, qname: string, order: RecordOrder): Reply {
  if (reply.kind === 'drop') return reply;
  if (reply.kind === 'bytes') {
    const bytes = reorderedBytes(reply.bytes, order);
    if (bytes !== undefined) return { kind: 'bytes', bytes };
  }
  const records = replyRecords(reply, qname);
  if (records === undefined) return reply;
  return {
    ...records,
    answer: reordered(records.answer, order),
    additional: reordered(records.additional, order),
  };
}
