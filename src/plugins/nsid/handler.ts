/** The answering part of the nsid directive: the server's identity for clients that ask for it (RFC 5001). */
import { hostname } from 'node:os';
import type { Handler } from '../../chain/handler.js';
import { replyRecords } from '../../chain/reply-records.js';
import { EDNS_OPTION } from '../../wire/edns.js';
import type { NsidOptions } from './directive.js';

export function nsidHandler({ text }: NsidOptions, host: string = hostname()): Handler {
  const option = { code: EDNS_OPTION.NSID, data: Uint8Array.from(Buffer.from(text ?? host)) };
  return {
    name: 'nsid',
    async handle(query, next) {
      const reply = await next(query);
      const isWanted = query.edns?.options.some(({ code }) => code === EDNS_OPTION.NSID) === true;
      if (!isWanted || reply.kind === 'drop') return reply;
      const records = replyRecords(reply, query.qname);
      if (records === undefined) return reply;
      return { ...records, options: [...(records.options ?? []), option] };
    },
  };
}
