/** Replies of several messages: a zone's records, as many in each message as fit (RFC 5936 §2.2). */
import type { ResourceRecord } from '../dns/resource-record.js';
import { HEADER_LENGTH } from '../wire/header.js';
import { MessageWriter, SECTION } from '../wire/message-writer.js';
import { wireNameLength } from '../wire/wire-name.js';
import type { MessageSink } from './message-sink.js';
import type { Query } from './query.js';
import type { RecordsReply } from './reply.js';
import type { ReplyLimits } from './reply-limits.js';
import { replyOpt } from './reply-opt.js';
import { writeReplyHeader } from './reply-writer.js';

/** Where a message is full: CoreDNS's number. */
const MESSAGE_OCTETS = 63_000;

/** A records reply with more behind its answer. */
export interface TransferReply extends RecordsReply {
  readonly rest: AsyncIterable<readonly ResourceRecord[]>;
}

/**
 * Sends all messages but the last, and returns that. Every message has the question and, where the query
 * had one, an OPT record. Nothing is read ahead of the peer.
 * Rejects when the connection is gone or the records cannot be had.
 */
export async function writeTransfer(
  query: Query,
  reply: TransferReply,
  limits: ReplyLimits,
  sink: MessageSink,
): Promise<Uint8Array> {
  let message = new TransferMessage(query, reply, limits);
  const take = async (records: readonly ResourceRecord[]): Promise<void> => {
    for (const record of records) {
      if (message.add(record)) continue;
      await sink.send(message.finish());
      message = new TransferMessage(query, reply, limits);
      if (!message.add(record)) throw new Error(`a record of ${record.owner} fits in no message`);
    }
  };
  await take(reply.answer);
  for await (const records of reply.rest) await take(records);
  return message.finish();
}

/** One message while it is filled. */
class TransferMessage {
  readonly #query: Query;
  readonly #reply: RecordsReply;
  readonly #opt: Uint8Array;
  readonly #writer: MessageWriter;

  constructor(query: Query, reply: RecordsReply, limits: ReplyLimits) {
    this.#query = query;
    this.#reply = reply;
    this.#opt = replyOpt(query, limits, [], reply.rcode);
    this.#writer = new MessageWriter(MESSAGE_OCTETS - this.#opt.length);
    const questionEnd = HEADER_LENGTH + wireNameLength(query.bytes, HEADER_LENGTH) + 4;
    this.#writer.question(query.bytes.subarray(HEADER_LENGTH, questionEnd));
  }

  /** False when it is full. */
  add(record: ResourceRecord): boolean {
    return this.#writer.record(SECTION.ANSWER, record);
  }

  finish(): Uint8Array {
    const writer = this.#writer;
    if (this.#opt.length > 0) {
      writer.grow(this.#opt.length);
      writer.raw(SECTION.ADDITIONAL, this.#opt);
    }
    writeReplyHeader(writer, this.#query, this.#reply, this.#reply.rcode);
    return writer.finish();
  }
}
