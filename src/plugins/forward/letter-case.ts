/** Letters and their case inside of messages (RFC 4343). */
import { HEADER_LENGTH } from '../../wire/header.js';
import { type MessageLayout, sameName } from './message-layout.js';

/** Whether an octet is an ASCII letter. A label's length octet (0..63) never is one. */
export function isLetter(octet: number): boolean {
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/**
 * Puts the case in which the client asked over the one in which we asked: in the question and in every
 * owner that repeats the qname in full. In place; lengths stay the same.
 * @param qname wire form of the name as the client spelled it
 */
export function restoreCase(message: Uint8Array, layout: MessageLayout, qname: Uint8Array): void {
  for (const record of layout.records) {
    const spelledOut = (message[record.owner] ?? 0xff) < 0xc0;
    if (spelledOut && sameName(message, record.owner, qname, 0)) {
      writeCase(message, record.owner, qname);
    }
  }
  if (layout.qnameLength === qname.length) message.set(qname, HEADER_LENGTH);
}

/** Overwrites the labels that stand at `at` up to the first pointer, which leads to a part already written. */
function writeCase(message: Uint8Array, at: number, qname: Uint8Array): void {
  let i = 0;
  while (i < qname.length) {
    const length = message[at + i] ?? 0;
    if (length >= 0xc0 || length === 0) return;
    message.set(qname.subarray(i, i + length + 1), at + i);
    i += length + 1;
  }
}
