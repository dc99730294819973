/** Where a reply of several messages goes: a stream connection (zone transfers, RFC 5936 §2.2). */

/** Takes the messages in front of the last one, which is the reply itself. */
export interface MessageSink {
  /**
   * Sends a message; resolves when the peer is ready for another one.
   * Rejects when the connection is gone.
   */
  send(message: Uint8Array): Promise<void>;
  /** Ends the connection: the messages that were sent stay without their end. */
  abort(): void;
}
