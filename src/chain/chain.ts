/** The slow half of an answerer: from a message's bytes over its server block's handlers to the reply's bytes. */
import type { PlannedBlock } from '../corefile/plan.js';
import { RCODE } from '../dns/rcode.js';
import { RRTYPE, rrtypeName } from '../dns/rrtype.js';
import type { Logger } from '../observe/logger.js';
import { headerReply, questionReply } from '../wire/error-reply.js';
import { DEFAULT_UDP_LIMIT } from '../wire/header.js';
import {
  QueryScan,
  SCAN_FORMERR,
  SCAN_FORMERR_QUESTION,
  SCAN_NOTIMP,
  SCAN_SILENT,
  scanQuery,
} from '../wire/query-scan.js';
import { blockChain } from './block-chain.js';
import { blockSelection, type ListenerKey } from './block-selection.js';
import type { Handler, Next } from './handler.js';
import type { MessageSink } from './message-sink.js';
import type { Client, Query, Trace } from './query.js';
import { parseQuery } from './query-parser.js';
import { type Reply, recordsReply } from './reply.js';
import { type ReplyLimits, replyLimits } from './reply-limits.js';
import { writeReply } from './reply-writer.js';
import { type TransferReply, writeTransfer } from './transfer-writer.js';

/** How often the server may ask itself for one query: as many links as a CNAME chain may have. */
export const MAX_DEPTH = 10;

/** What a chain is made of. */
export interface ChainOptions {
  /** Blocks of the plan; those that are not on the listener's port are passed over. */
  readonly blocks: readonly PlannedBlock[];
  readonly listener: ListenerKey;
  /** The handlers of a block in execution order; asked once per block. */
  handlersOf(block: PlannedBlock): readonly Handler[];
  readonly logger: Logger;
  /** The block's own limit of a UDP reply in octets, 512..4096 (`bufsize`); 1232 without it. */
  udpLimitOf?(block: PlannedBlock): number;
}

/** The chains of the blocks on one port. */
export interface Chain {
  /**
   * The reply to a message, whatever it holds; undefined when nothing is to be sent. Never rejects.
   * `bytes` become the chain's own.
   * @param sink takes what comes in front of the reply; without one transfers are refused
   */
  resolve(
    bytes: Uint8Array,
    client: Client,
    trace?: Trace,
    sink?: MessageSink,
  ): Promise<Uint8Array | undefined>;
  /**
   * Asks the server itself on behalf of a query, from the selection of the block on. Counts the depth
   * itself; SERVFAIL where it is used up. Never rejects.
   */
  ask(query: Query): Promise<Reply>;
}

/** A block with its handlers joined up. */
interface BuiltBlock {
  readonly handle: Next;
  readonly udpLimit: number;
  readonly transfers: boolean;
}

/** Joins up the handlers of every block on one port. */
export function createChain(options: ChainOptions): Chain {
  const { blocks, listener, logger } = options;
  const select = blockSelection(blocks, listener);
  const built = new Map<PlannedBlock, BuiltBlock>();
  for (const block of blocks) built.set(block, buildBlock(block, options));
  const blockOf = (query: Query): BuiltBlock | undefined => {
    const block = select(query);
    if (block !== undefined) query.trace?.step('chain', 'server block', { ...block.place });
    return block && built.get(block);
  };

  const answer = async (query: Query, block: BuiltBlock | undefined): Promise<Reply> => {
    const refused = refusal(query, block);
    if (refused !== undefined) return refused;
    try {
      return block === undefined ? NO_BLOCK : await block.handle(query);
    } catch (error) {
      const { qname, qtype } = query;
      logger.error({ err: error, qname, qtype: rrtypeName(qtype) }, 'a directive failed');
      return recordsReply(RCODE.SERVFAIL);
    }
  };

  const transfer = async (
    query: Query,
    reply: TransferReply,
    limits: ReplyLimits,
    sink: MessageSink,
  ): Promise<Uint8Array | undefined> => {
    try {
      return await writeTransfer(query, reply, limits, sink);
    } catch (error) {
      const { qname, client } = query;
      logger.warn({ err: error, qname, client: client.address }, 'a transfer was broken off');
      sink.abort();
      return undefined;
    }
  };

  return {
    async resolve(bytes, client, trace, sink) {
      const query = openMessage(bytes, client, trace);
      if (query === undefined || query instanceof Uint8Array) return query;
      const block = blockOf(query);
      const limits = replyLimits(query, block?.udpLimit);
      try {
        const reply = await answer(query, block);
        if (reply.kind === 'drop') return undefined;
        if (reply.kind === 'bytes' || reply.rest === undefined) {
          return writeReply(query, reply, limits);
        }
        if (sink === undefined) return writeReply(query, recordsReply(RCODE.REFUSED), limits);
        return await transfer(query, { ...reply, rest: reply.rest }, limits, sink);
      } catch (error) {
        logger.error({ err: error, qname: query.qname }, 'a reply could not be written');
        return writeReply(query, recordsReply(RCODE.SERVFAIL), limits);
      }
    },
    async ask(query) {
      if (query.depth >= MAX_DEPTH) {
        query.trace?.step('chain', 'asked itself too often', { depth: query.depth });
        return recordsReply(RCODE.SERVFAIL, {
          extendedError: { code: 0, text: `the server asked itself ${MAX_DEPTH} times` },
        });
      }
      const deeper = { ...query, depth: query.depth + 1 };
      return answer(deeper, blockOf(deeper));
    },
  };
}

function buildBlock(block: PlannedBlock, options: ChainOptions): BuiltBlock {
  return {
    handle: blockChain(options.handlersOf(block)),
    udpLimit: options.udpLimitOf?.(block) ?? DEFAULT_UDP_LIMIT,
    transfers: block.directives.some(({ name }) => name === 'transfer'),
  };
}

/** The query in the bytes, or the finished reply to what is none, or nothing to say. */
function openMessage(
  bytes: Uint8Array,
  client: Client,
  trace: Trace | undefined,
): Query | Uint8Array | undefined {
  const scan = new QueryScan();
  switch (scanQuery(bytes, 0, bytes.length, scan)) {
    case SCAN_SILENT:
      return undefined;
    case SCAN_NOTIMP:
      return headerReply(bytes, RCODE.NOTIMP);
    case SCAN_FORMERR:
      return headerReply(bytes, RCODE.FORMERR);
    case SCAN_FORMERR_QUESTION:
      return questionReply(bytes, scan.questionEnd, RCODE.FORMERR);
    default: {
      const query = parseQuery(bytes, client, trace);
      return query ?? questionReply(bytes, scan.questionEnd, RCODE.FORMERR);
    }
  }
}

const NO_BLOCK: Reply = recordsReply(RCODE.REFUSED, {
  extendedError: { code: 20, text: 'no server block for this name and class' },
});

/** Questions that no handler gets to see. */
function refusal(query: Query, block: BuiltBlock | undefined): Reply | undefined {
  // an unknown EDNS version comes first: nothing else of such a query is understood (RFC 6891 §6.1.3)
  if ((query.edns?.version ?? 0) !== 0) return recordsReply(RCODE.BADVERS);
  if (query.qtype === RRTYPE.OPT) return recordsReply(RCODE.FORMERR);
  const transfer = query.qtype === RRTYPE.AXFR || query.qtype === RRTYPE.IXFR;
  if (!transfer) return undefined;
  // a whole zone goes over streams only (RFC 5936 §4.2); IXFR over UDP is the directive's matter (RFC 1995 §2)
  const overUdp = query.client.transport === 'udp' && query.qtype === RRTYPE.AXFR;
  return block?.transfers === true && !overUdp ? undefined : recordsReply(RCODE.REFUSED);
}
