/** Messages as upstreams send them, for the tests of the cache. */

import { nameToWire } from '../../../src/dns/name.js';
import { recordFromText } from '../../../src/dns/record-text.js';
import { rrtypeCode } from '../../../src/dns/rrtype.js';
import { type CacheKey, cacheKey } from '../../../src/plugins/cache/answer-cache.js';
import { encodeMessage, type MessageParts, message } from '../../../src/wire/message.js';

/** An answer to `NAME TYPE` with these answer records. */
export function answerTo(
  question: string,
  answer: readonly string[],
  parts: Partial<MessageParts> = {},
): Uint8Array {
  return encodeMessage(
    message({
      id: 1,
      response: true,
      recursionDesired: true,
      recursionAvailable: true,
      question: [questionOf(question)],
      answer: answer.map((line) => recordFromText(line)),
      ...parts,
    }),
  );
}

/** A query for `NAME TYPE` as a client sends it. */
export function queryFor(question: string): Uint8Array {
  return encodeMessage(
    message({ id: 0x1234, recursionDesired: true, question: [questionOf(question)] }),
  );
}

/** The cache's key of `NAME TYPE`. */
export function keyFor(question: string): CacheKey {
  const { qname, qtype } = questionOf(question);
  return cacheKey(nameToWire(qname.toLowerCase()), qtype, 1, false, false);
}

function questionOf(text: string): { qname: string; qtype: number; qclass: number } {
  const [qname = '', type = ''] = text.split(' ');
  return { qname, qtype: rrtypeCode(type) ?? 0, qclass: 1 };
}
