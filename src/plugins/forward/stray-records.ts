/** Cuts records out of an answer that its question does not lead to. */
import { decodeMessage, encodeMessage } from '../../wire/message.js';

/**
 * The message without the given records of its answer section; undefined when it can't be put together.
 * Rare (a lying or odd upstream), so it goes through the message as data.
 */
export function withoutStrays(
  message: Uint8Array,
  strays: readonly number[],
): Uint8Array | undefined {
  const decoded = decodeMessage(message);
  if (decoded === undefined) return undefined;
  const cut = new Set(strays);
  const answer = decoded.answer.filter((_, index) => !cut.has(index));
  return encodeMessage({ ...decoded, answer });
}
