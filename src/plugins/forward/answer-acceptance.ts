/** From a verdict on received bytes to what the exchange ends with. */
import type { NameBuffer } from '../../wire/wire-name.js';
import { checkAnswer } from './answer-check.js';
import { type BadAnswerReporter, type Exchange, exchangeFailed } from './exchange.js';
import { layoutOf, u16 } from './message-layout.js';
import { withoutStrays } from './stray-records.js';

/**
 * The end of the exchange, or undefined when the bytes are to be passed over and the wait goes on: a
 * wrong question is what a forger sends, and must not end the wait for the real answer.
 */
export function acceptAnswer(
  query: Uint8Array,
  bytes: Uint8Array,
  scratch: NameBuffer,
  report: BadAnswerReporter,
): Exchange | undefined {
  const verdict = checkAnswer(query, bytes, scratch);
  switch (verdict.kind) {
    case 'answer':
      if (verdict.strays.length > 0) {
        report('stray-records');
        // nothing of it belongs to the question: somebody else is to be asked
        return verdict.strays.length === u16(bytes, 6)
          ? exchangeFailed('bad-answer')
          : cleaned(bytes, verdict.strays, scratch);
      }
      return {
        kind: 'answer',
        bytes: bytes.subarray(0, verdict.layout.end),
        layout: verdict.layout,
      };
    case 'wrong-question':
      report(verdict.kind);
      return undefined;
    case 'malformed':
      report(verdict.kind);
      return exchangeFailed('bad-answer');
    default:
      return verdict;
  }
}

function cleaned(bytes: Uint8Array, strays: readonly number[], scratch: NameBuffer): Exchange {
  const rest = withoutStrays(bytes, strays);
  const layout = rest === undefined ? undefined : layoutOf(rest, scratch);
  return rest === undefined || layout === undefined
    ? exchangeFailed('bad-answer')
    : { kind: 'answer', bytes: rest, layout };
}
