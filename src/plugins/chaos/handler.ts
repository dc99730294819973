/** The answering part of the chaos directive: what the server says of itself in class CH. */
import { hostname } from 'node:os';
import type { Handler } from '../../chain/handler.js';
import { recordsReply } from '../../chain/reply.js';
import { characterString } from '../../dns/presentation.js';
import { RCODE } from '../../dns/rcode.js';
import { RRCLASS } from '../../dns/rrclass.js';
import { RRTYPE } from '../../dns/rrtype.js';
import type { DataEnvironment } from '../plugin.js';
import type { ChaosOptions } from './directive.js';

/** Told where the directive has neither: who asks for more of a version may read the Corefile. */
const OWN_NAME = 'svcdns';

/** Answers TXT of the usual names; everything else goes on. */
export function chaosHandler(
  { version, authors }: ChaosOptions,
  environment: Pick<DataEnvironment, 'random'>,
  host: string = hostname(),
): Handler {
  const texts: ReadonlyMap<string, () => readonly string[]> = new Map([
    ['version.bind.', () => [version ?? OWN_NAME]],
    ['version.server.', () => [version ?? OWN_NAME]],
    ['hostname.bind.', () => [host]],
    ['id.server.', () => [host]],
    ['authors.bind.', () => inAnyOrder(authors.length === 0 ? [OWN_NAME] : authors, environment)],
  ]);
  return {
    name: 'chaos',
    async handle(query, next) {
      if (query.qclass !== RRCLASS.CH || query.qtype !== RRTYPE.TXT) return next(query);
      const text = texts.get(query.key);
      if (text === undefined) return next(query);
      const answer = text().map((line) => ({
        owner: query.qname,
        type: RRTYPE.TXT,
        class: RRCLASS.CH,
        ttl: 0,
        rdata: characterString(Uint8Array.from(Buffer.from(line))),
      }));
      return recordsReply(RCODE.NOERROR, { answer });
    },
  };
}

/** No author comes first every time. */
function inAnyOrder(
  authors: readonly string[],
  { random }: Pick<DataEnvironment, 'random'>,
): readonly string[] {
  return authors
    .map((author) => ({ author, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ author }) => author);
}
